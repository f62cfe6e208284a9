import { beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { decide, listPending } from '../../src/services/approvals.ts';
import { resumeSending } from '../../src/services/limits.ts';
import type { Actor } from '../../src/services/roles.ts';
import { lockAccount, writeTwoPerson } from '../../src/store/accounts.ts';
import { insertAdministrator } from '../../src/store/groups.ts';
import { readLimits } from '../../src/store/limits.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { at, yuan } from '../support/builders.ts';
import { DAY_SEGMENTS, limit, MONTH_SEGMENTS, sending } from '../support/limits.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
});

const SECOND = { staffId: 'liufang', name: '刘芳' };
const PAUSE: ApprovalAction = { type: 'pause' };
const RESUME: ApprovalAction = { type: 'resume', pausedAt: null, caps: [], left: [], suspended: false };

async function anAccount(options: { twoPerson?: boolean } = {}): Promise<TestAccount> {
  world.clock.set(at('2026-03-10T12:00'));
  const account = await world.openAccount();
  await account.recharge('1000');
  await world.run((tx) => insertAdministrator(tx, account.group, SECOND, world.clock.now()));
  if (options.twoPerson) await world.run((tx) => writeTwoPerson(tx, account.id, true));
  await account.review();
  await account.news();
  return account;
}

function ask(account: TestAccount, action: ApprovalAction, actor: Actor = ADMIN) {
  return world.run((tx) => requestAction(world.context, tx, account.group, actor, action));
}

/** Asks for something, and lets somebody approve what waits then. */
async function confirmed(account: TestAccount, action: ApprovalAction, actor: Actor = ADMIN) {
  const result = await ask(account, action);
  return result.type === 'done' ? result : approve(account, result.approval.code, actor);
}

function approve(account: TestAccount, code: string, actor: Actor = ADMIN) {
  return world.run((tx) => decide(world.context, tx, account.group, actor, { code, approve: true }));
}

function set(
  before: [string | null, string | null] | null,
  after: [string | null, string | null] | null,
): ApprovalAction {
  const of = (values: [string | null, string | null] | null) => values && { stop: values[0], warn: values[1] };
  return { type: 'set_limit', ...DAY_SEGMENTS, before: of(before), after: of(after), lifts: false };
}

describe('pause (rule 16)', () => {
  test('given an administrator, then sending is paused at once, also where a second person is demanded', async () => {
    const account = await anAccount({ twoPerson: true });
    expect(await ask(account, PAUSE)).toEqual({ type: 'done', outcome: 'done' });
    expect(await sending(world, account)).toEqual(['paused', 'paused']);
    expect((await account.read()).pause).toEqual({ at: world.clock.now(), by: 'zhangwei', byName: '张伟' });
  });

  test('given a member, then it becomes a request, and is paused when an administrator approves', async () => {
    const account = await anAccount();
    const asked = await ask(account, PAUSE, MEMBER);
    expect(asked.type).toBe('requested');
    expect(await sending(world, account)).toEqual(['allowed']);
    if (asked.type === 'requested') await approve(account, asked.approval.code);
    expect(await sending(world, account)).toEqual(['paused', 'paused']);
  });

  test('given it is paused, then pausing again is refused; and what was sent already is still charged', async () => {
    const account = await anAccount();
    await ask(account, PAUSE);
    await expect(ask(account, PAUSE)).rejects.toMatchObject({ code: 'already_so' });
    expect(await account.use(10)).toMatchObject({ accepted: 1 });
    expect((await account.read()).money.balance).toBe(yuan('999.55'));
  });

  test('given a request to pause that a colleague makes needless, then the next review closes it', async () => {
    const account = await anAccount();
    await ask(account, PAUSE, MEMBER);
    await ask(account, PAUSE);
    await account.review();
    expect(await listPending(world.context, db.kysely, account.id)).toEqual([]);
  });

  test('given a pause while the account is overdue, then a recharge leaves it paused, and resuming then lets it send', async () => {
    const account = await anAccount();
    await account.use(30_000);
    expect(await sending(world, account)).toEqual(['suspended', 'suspended']);
    await ask(account, PAUSE);
    expect(await sending(world, account)).toEqual(['suspended', 'suspended', 'paused']);
    await account.recharge('1000');
    expect(await sending(world, account)).toEqual(['paused', 'paused']);
    await confirmed(account, RESUME);
    expect(await sending(world, account)).toEqual(['allowed']);
  });
});

describe('resume (rules 16 and 17)', () => {
  test('given an administrator, then it is confirmed first, and says all that follows', async () => {
    const account = await anAccount();
    await limit(world, account, MONTH_SEGMENTS, 10n);
    await account.use(30_000);
    await ask(account, PAUSE);
    const asked = await ask(account, RESUME);
    expect(asked).toMatchObject({
      type: 'confirm',
      approval: {
        action: { pausedAt: world.clock.now().toString(), caps: [], left: [MONTH_SEGMENTS], suspended: true },
      },
    });
    expect(await sending(world, account)).toEqual(['suspended', 'suspended', 'paused', 'capped']);
    if (asked.type === 'confirm') await approve(account, asked.approval.code);
    expect(await sending(world, account)).toEqual(['suspended', 'suspended', 'capped']);
  });

  test('given two people are demanded, then who asked cannot resume alone', async () => {
    const account = await anAccount({ twoPerson: true });
    await ask(account, PAUSE);
    const asked = await ask(account, RESUME);
    expect(asked).toMatchObject({ type: 'requested', secondPerson: true });
    if (asked.type !== 'requested') return;
    await expect(approve(account, asked.approval.code)).rejects.toMatchObject({ code: 'own_request' });
    await approve(account, asked.approval.code, SECOND);
    expect(await sending(world, account)).toEqual(['allowed']);
  });

  test('given neither a pause nor a cap, then there is nothing to resume; given a cap that is still reached, then it has to be raised', async () => {
    const account = await anAccount();
    await expect(ask(account, RESUME)).rejects.toMatchObject({ code: 'already_so', details: { state: 'sending' } });
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    await expect(ask(account, RESUME)).rejects.toMatchObject({ code: 'cap_still_reached' });
  });

  test('given a cap whose day is over, then resuming lifts it, and it caps again when the new day reaches it', async () => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    world.clock.set(at('2026-03-11T08:00'));
    await account.use(9);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
    await confirmed(account, RESUME);
    expect(await sending(world, account)).toEqual(['allowed']);
    await account.use(1);
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given a cap that the new day reaches before the confirmation, then it stays capped and the card says so', async () => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 10n);
    await account.use(10);
    world.clock.set(at('2026-03-11T08:00'));
    const asked = await ask(account, RESUME);
    await account.use(10);
    if (asked.type !== 'confirm') throw new Error('it is to be confirmed');
    expect(await approve(account, asked.approval.code)).toMatchObject({
      approval: { outcome: 'not_carried_out', problem: { code: 'cap_still_reached' } },
    });
    expect(await sending(world, account)).toEqual(['capped', 'capped']);
  });

  test('given somebody paused anew since it was asked for, then an old confirmation does not end that pause', async () => {
    const account = await anAccount();
    await ask(account, PAUSE);
    const old = await ask(account, RESUME, MEMBER);
    world.pass({ minutes: 1 });
    const by = { by: SECOND.staffId, byName: SECOND.name };
    await world.run(async (tx) =>
      resumeSending(world.context, tx, await lockAccount(tx, account.id), { pause: true, caps: [] }, by),
    );
    world.pass({ minutes: 1 });
    await ask(account, PAUSE, SECOND);
    if (old.type !== 'requested') throw new Error('a member requests');
    expect(await approve(account, old.approval.code)).toMatchObject({ approval: { outcome: 'no_longer_needed' } });
    expect(await sending(world, account)).toEqual(['paused', 'paused']);
  });
});

describe('setting a cap (rules 16 and 17)', () => {
  test('given a new cap, a lower stop or an earlier warning, then it acts at once', async () => {
    const account = await anAccount({ twoPerson: true });
    expect((await ask(account, set(null, ['100', '80']))).type).toBe('done');
    expect((await ask(account, set(['100', '80'], ['90', '89']))).type).toBe('done');
    expect((await ask(account, set(['90', '89'], ['90', '50']))).type).toBe('done');
  });

  test.each([
    ['a higher stop', ['200', '80']],
    ['a later warning', ['100', '90']],
    ['no warning', ['100', null]],
    ['no stop', [null, '80']],
    ['no cap', null],
  ] as const)('given %s, then it is confirmed first', async (_, after) => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 100n, 80n);
    expect((await ask(account, set(['100', '80'], after && [...after]))).type).toBe('confirm');
  });

  test('given a cap that was reached yesterday, then a lower stop that lifts it is confirmed first, because sending goes on', async () => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 100n);
    await account.use(100);
    world.clock.set(at('2026-03-11T08:00'));
    const asked = await ask(account, set(['100', null], ['50', null]));
    expect(asked).toMatchObject({ type: 'confirm', approval: { action: { lifts: true } } });
    if (asked.type === 'confirm') await approve(account, asked.approval.code);
    expect(await sending(world, account)).toEqual(['allowed']);
  });

  describe('a cap that is reached, and a request that did not say that it lifts it (rule 17)', () => {
    /** What was asked for is approved in the morning after; sending is then so. */
    async function nextDay(ask: (account: TestAccount) => Promise<string>): Promise<TestAccount> {
      const account = await anAccount();
      await limit(world, account, DAY_SEGMENTS, 100n, 80n);
      world.clock.set(at('2026-03-10T23:50'));
      const code = await ask(account);
      world.clock.set(at('2026-03-11T00:10'));
      expect(await approve(account, code)).toMatchObject({ approval: { outcome: 'done' } });
      return account;
    }

    /** Asks for new values, which wait for somebody. */
    async function waiting(account: TestAccount, after: [string | null, string | null], actor: Actor): Promise<string> {
      const asked = await ask(account, set(['100', '80'], after), actor);
      if (asked.type === 'done') throw new Error('it is to wait');
      return asked.approval.code;
    }

    test('given a member who asks for a lower stop, when it is approved on the next day, then it is set and sending stays capped', async () => {
      const account = await nextDay(async (asking) => {
        await asking.use(100);
        return waiting(asking, ['90', '70'], MEMBER);
      });
      expect(await sending(world, account)).toEqual(['capped', 'capped']);
      const [cap] = await readLimits(db.kysely, account.id);
      expect(cap).toMatchObject({ stop: 90n, warn: 70n, reached: { in: '2026-03-10' } });
      await confirmed(account, RESUME);
      expect(await sending(world, account)).toEqual(['allowed']);
    });

    test('given an administrator who asks for a later warning and confirms it after midnight, then sending stays capped', async () => {
      const account = await nextDay(async (asking) => {
        await asking.use(100);
        return waiting(asking, ['100', '90'], ADMIN);
      });
      expect(await sending(world, account)).toEqual(['capped', 'capped']);
    });

    test('given an administrator who asks for the same on the next day, then theirs is another one, which says that it lifts and does', async () => {
      const account = await anAccount();
      await limit(world, account, DAY_SEGMENTS, 100n, 80n);
      await account.use(100);
      await waiting(account, ['90', '70'], MEMBER);
      world.clock.set(at('2026-03-11T08:00'));
      const own = await ask(account, set(['100', '80'], ['90', '70']));
      expect(own).toMatchObject({ type: 'confirm', approval: { action: { lifts: true } } });
      if (own.type === 'confirm') await approve(account, own.approval.code);
      expect(await sending(world, account)).toEqual(['allowed']);
    });

    test('given a higher stop that was asked for before the old one was reached, then it lifts it: that is what it is for', async () => {
      const account = await nextDay(async (asking) => {
        const code = await waiting(asking, ['200', '160'], MEMBER);
        await asking.use(100);
        return code;
      });
      expect(await sending(world, account)).toEqual(['allowed']);
    });
  });

  test('given a member, then it becomes a request; given somebody changed the cap meanwhile, then nothing is done', async () => {
    const account = await anAccount();
    const asked = await ask(account, set(null, ['100', null]), MEMBER);
    await limit(world, account, DAY_SEGMENTS, 50n);
    if (asked.type !== 'requested') throw new Error('a member requests');
    expect(await approve(account, asked.approval.code)).toMatchObject({
      approval: { outcome: 'not_carried_out', problem: { code: 'setting_moved' } },
    });
  });

  test.each([
    ['limit_out_of_range', ['0', null]],
    ['limit_out_of_range', ['1000000000000001', null]],
    ['limit_warning_above_stop', ['100', '100']],
  ] as const)('refuses with %s what is %j', async (code, after) => {
    const account = await anAccount();
    await expect(ask(account, set(null, [...after]))).rejects.toMatchObject({ code });
  });

  test('given the values that it has, then nothing is changed', async () => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 100n);
    await expect(ask(account, set(['100', null], ['100', null]))).rejects.toMatchObject({ code: 'limit_unchanged' });
  });

  test('given the values that a reached cap has, then nothing is changed or told while they still reach it, and it is lifted when they do not', async () => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 100n);
    await account.use(100);
    await account.review();
    await account.news();
    const same = set(['100', null], ['100', null]);
    const before = await readLimits(db.kysely, account.id);
    world.pass({ minutes: 5 });
    await expect(ask(account, same)).rejects.toMatchObject({ code: 'limit_unchanged' });
    expect(await readLimits(db.kysely, account.id)).toEqual(before);
    expect(await account.news()).toEqual([]);
    world.clock.set(at('2026-03-11T08:00'));
    await confirmed(account, same);
    expect(await sending(world, account)).toEqual(['allowed']);
  });

  test('given the same values, asked for to lift a cap that is reached anew before it is confirmed, then nothing is changed, and it says so', async () => {
    const account = await anAccount();
    await limit(world, account, DAY_SEGMENTS, 100n);
    await account.use(100);
    world.clock.set(at('2026-03-11T08:00'));
    const asked = await ask(account, set(['100', null], ['100', null]));
    await account.use(100);
    if (asked.type !== 'confirm') throw new Error('it is to be confirmed');
    expect(await approve(account, asked.approval.code)).toMatchObject({
      approval: { outcome: 'not_carried_out', problem: { code: 'cap_still_reached' } },
    });
    const [cap] = await readLimits(db.kysely, account.id);
    expect(cap?.reached?.in).toBe('2026-03-10');
  });

  test('given a change, a pause and a resumption, then the other groups of the account are told, not the one that did it', async () => {
    const account = await anAccount();
    const other = { ...account.group, conversationId: `other-${account.id}` };
    await db.kysely
      .insertInto('groups')
      .values({
        corp_id: other.corpId,
        conversation_id: other.conversationId,
        account_id: account.id,
        title: '财务群',
        language: 'zh-CN',
        bound_at: world.clock.now(),
        bound_by: 'x',
      })
      .execute();
    await ask(account, set(null, ['100', '80']));
    await ask(account, PAUSE);
    await confirmed(account, RESUME);
    const told = (await account.news()).filter(({ kind }) => !kind.startsWith('approval'));
    expect(kinds(told)).toEqual(['limit_changed', 'sending_paused', 'sending_resumed']);
    expect(told).toMatchObject([
      { before: null, after: { stop: '100', warn: '80' }, byName: '张伟', reasons: [], lifted: false },
      { byName: '张伟' },
      { byName: '张伟', reasons: [] },
    ]);
  });
});
