import { describe, expect, test } from 'vitest';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { decide } from '../../src/services/approvals.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { retryDeadLetters } from '../../src/services/notices.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { setTwoPerson } from '../../src/services/second-person.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { type Group, insertAdministrator, readAdministrators, readGroup } from '../../src/store/groups.ts';
import { leaseDueNotices, type NoticeResult, recordResults } from '../../src/store/notice-queue.ts';
import { ADMIN, BillingWorld, kinds, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const OTHER = { staffId: 'wangqiang', name: '王强' };

const aboutGroup = ({ corpId, conversationId, title }: Group) => ({ corpId, conversationId, title });
const adding = (group: Group, { staffId, name } = MEMBER): ApprovalAction => ({
  type: 'add_administrator',
  group: aboutGroup(group),
  person: { id: staffId, name },
});
const removing = (group: Group, { staffId, name } = MEMBER): ApprovalAction => ({
  type: 'remove_administrator',
  group: aboutGroup(group),
  person: { id: staffId, name },
});

const ask = (group: Group, action: ApprovalAction, actor = ADMIN) =>
  world.run((tx) => requestAction(world.context, tx, group, actor, action));
const decided = (group: Group, code: string, actor = ADMIN) =>
  world.run((tx) => decide(world.context, tx, group, actor, { code, approve: true }));

/** The code of what waits to be confirmed or approved. */
async function codeOf(group: Group, action: ApprovalAction, actor = ADMIN): Promise<string> {
  const result = await ask(group, action, actor);
  if (result.type === 'done') throw new Error('done at once');
  return result.approval.code;
}

async function confirmed(group: Group, action: ApprovalAction): Promise<string> {
  const decision = await decided(group, await codeOf(group, action));
  if (decision.type !== 'decided') throw new Error(decision.type);
  return decision.approval.outcome;
}

const administrators = async (group: Group) =>
  (await readAdministrators(db.kysely, group)).map(({ staffId }) => staffId).toSorted();

async function secondGroup(account: TestAccount, actor = OTHER): Promise<Group> {
  const group = {
    corpId: 'corp',
    conversationId: `second-${account.id}`,
    accountId: account.id,
    title: '二群',
    language: 'en',
  } as const;
  const { corpId, conversationId, title, language, accountId } = group;
  await world.run((tx) =>
    authorizeGroup(world.context, tx, { conversation: { corpId, conversationId }, title, language, actor, accountId }),
  );
  return group;
}

describe('administrators of a group', () => {
  test('given one is added and confirmed, then they may decide at once; removed, they may not at once', async () => {
    const { group } = await world.openAccount();
    expect(await ask(group, adding(group))).toMatchObject({ type: 'confirm' });
    expect(await administrators(group)).toEqual(['zhangwei']);
    expect(await confirmed(group, adding(group))).toBe('done');
    expect(await administrators(group)).toEqual(['lina', 'zhangwei']);

    const theirs = await codeOf(group, adding(group, OTHER), MEMBER);
    expect(await confirmed(group, removing(group))).toBe('done');
    await expect(decided(group, theirs, MEMBER)).rejects.toMatchObject({ code: 'not_administrator' });
    expect(await administrators(group)).toEqual(['zhangwei']);
  });

  test('given a member, then it becomes a request, which an administrator of another group of the account may approve', async () => {
    const account = await world.openAccount();
    const other = await secondGroup(account);
    const code = await codeOf(account.group, adding(account.group, { staffId: 'new', name: '新人' }), MEMBER);
    expect(await decided(other, code, OTHER)).toMatchObject({ type: 'decided', approval: { outcome: 'done' } });
    expect(await administrators(account.group)).toEqual(['new', 'zhangwei']);
    expect(await administrators(other)).toEqual(['wangqiang']);
  });

  test('given who is one already or is none, then it is refused', async () => {
    const { group } = await world.openAccount();
    await expect(ask(group, adding(group, ADMIN))).rejects.toMatchObject({ code: 'already_administrator' });
    await expect(ask(group, removing(group))).rejects.toMatchObject({ code: 'administrator_unknown' });
  });

  test('given the last one, then they stay', async () => {
    const { group } = await world.openAccount();
    await expect(ask(group, removing(group, ADMIN))).rejects.toMatchObject({ code: 'last_administrator' });
  });

  test('given two that remove each other at the same moment, then one stays, however often it is tried', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { group } = await world.openAccount();
      await world.run((tx) => insertAdministrator(tx, group, MEMBER, world.clock.now()));
      const one = await codeOf(group, removing(group, MEMBER), ADMIN);
      const two = await codeOf(group, removing(group, ADMIN), MEMBER);
      const results = await Promise.allSettled([decided(group, one, ADMIN), decided(group, two, MEMBER)]);
      expect(await administrators(group)).toHaveLength(1);
      const done = results.filter(
        (result) =>
          result.status === 'fulfilled' && result.value.type === 'decided' && result.value.approval.outcome === 'done',
      );
      expect(done).toHaveLength(1);
    }
  });

  test('given both are removed at the same moment by somebody else who may, then one stays, however often it is tried', async () => {
    for (let round = 0; round < 5; round += 1) {
      const account = await world.openAccount();
      const { group } = account;
      const other = await secondGroup(account);
      await world.run((tx) => insertAdministrator(tx, group, MEMBER, world.clock.now()));
      const codes = [
        await codeOf(group, removing(group, MEMBER), OTHER),
        await codeOf(group, removing(group, ADMIN), OTHER),
      ];
      const results = await Promise.all(codes.map((code) => decided(other, code, OTHER)));
      expect(await administrators(group)).toHaveLength(1);
      expect(
        results.map((result) => (result.type === 'decided' ? result.approval.outcome : result.type)).toSorted(),
      ).toEqual(['done', 'not_carried_out']);
    }
  });

  test('given a second person is demanded, then two have to stay', async () => {
    const account = await world.openAccount();
    const { group } = account;
    await world.run(async (tx) => {
      await insertAdministrator(tx, group, MEMBER, world.clock.now());
      await setTwoPerson(world.context, tx, await lockAccount(tx, account.id), { enabled: true, byName: 'x' });
    });
    await expect(ask(group, removing(group))).rejects.toMatchObject({ code: 'second_person_needed' });
    await world.run((tx) => insertAdministrator(tx, group, OTHER, world.clock.now()));
    expect(await ask(group, removing(group))).toMatchObject({ type: 'requested', secondPerson: true });
  });

  test('given several groups, then the others are told', async () => {
    const account = await world.openAccount();
    await secondGroup(account);
    await account.news();
    await confirmed(account.group, adding(account.group));
    expect(await account.news()).toMatchObject([
      { kind: 'administrators_changed', change: 'added', personName: '李娜', byName: '张伟', groupTitle: '短信运维群' },
    ]);
  });
});

describe('what is held back to be told directly (rule 21)', () => {
  const waiting = async (account: TestAccount) =>
    (
      await db.kysely
        .selectFrom('notices')
        .select(['recipient', 'reason'])
        .where('account_id', '=', account.id)
        .where('state', '=', 'waiting')
        .execute()
    )
      .filter(({ reason }) => reason === 'recharged')
      .map(({ recipient }) => recipient)
      .toSorted();

  test('given who is removed meanwhile, then they are not told any more; the others are, and who administers another group', async () => {
    const account = await world.openAccount();
    await secondGroup(account);
    await confirmed(account.group, adding(account.group));
    await confirmed(account.group, adding(account.group, OTHER));
    await account.settings({ alertsTo: 'direct' });
    await account.recharge('10');
    expect(await waiting(account)).toEqual(['corp/lina', 'corp/wangqiang', 'corp/zhangwei']);
    await confirmed(account.group, removing(account.group));
    await confirmed(account.group, removing(account.group, OTHER));
    expect(await waiting(account)).toEqual(['corp/wangqiang', 'corp/zhangwei']);
  });

  test('given their only group is unbound meanwhile, then they are not told any more', async () => {
    const account = await world.openAccount();
    await secondGroup(account);
    await account.settings({ alertsTo: 'direct' });
    await account.recharge('10');
    await confirmed(account.group, { type: 'unbind_group', group: aboutGroup(account.group), others: 1 });
    expect(await waiting(account)).toEqual(['corp/wangqiang']);
  });
});

describe('unbinding a group', () => {
  const unbinding = (group: Group, others: number): ApprovalAction => ({
    type: 'unbind_group',
    group: aboutGroup(group),
    others,
  });

  test('given it is confirmed, then the group is gone with its administrators, what waited for it is dropped, and the others are told', async () => {
    const account = await world.openAccount();
    const other = await secondGroup(account);
    await account.recharge('10');
    await confirmed(account.group, unbinding(account.group, 1));
    expect(await readGroup(db.kysely, account.group)).toBeUndefined();
    expect(await administrators(account.group)).toEqual([]);
    const notices = await db.kysely
      .selectFrom('notices')
      .select(['reason', 'recipient', 'state'])
      .where('account_id', '=', account.id)
      .orderBy('ordinal')
      .execute();
    const here = notices.filter(({ recipient }) => recipient === `corp/${account.group.conversationId}`);
    expect(here.filter(({ state }) => state === 'waiting')).toEqual([]);
    expect(here).toContainEqual(expect.objectContaining({ reason: 'recharged', state: 'dropped' }));
    const there = notices.filter(({ recipient }) => recipient === `corp/${other.conversationId}`);
    expect(there.map(({ reason, state }) => `${reason} ${state}`)).toEqual([
      'recharged waiting',
      'group_unbound waiting',
    ]);
    await account.news();
    await account.recharge('10');
    expect(await account.news(), 'told to the other group alone').toHaveLength(1);
  });

  test('rule 22: given a notice that is being tried meanwhile and one that nobody got, then neither is told in the group any more', async () => {
    const account = await world.openAccount();
    await secondGroup(account);
    await account.recharge('10');
    await account.recharge('20');
    const { accountId, conversationId } = account.group;
    const now = world.clock.now();
    const inGroup = async () =>
      (await leaseDueNotices(db.kysely, now, { limit: 1_000, leaseUntil: now.add({ seconds: 120 }) }))
        .map(({ leader }) => leader)
        .filter(({ recipient }) => recipient === `corp/${conversationId}`);
    const failed = async (result: NoticeResult) => {
      for (const notice of trying) await recordResults(db.kysely, [{ notice, result }], now);
    };
    let trying = await inGroup();
    await failed({ state: 'dead', error: 'nobody' });
    trying = await inGroup();
    expect(trying).toHaveLength(1);
    await confirmed(account.group, unbinding(account.group, 1));
    await failed({ state: 'waiting', form: 'card', nextAttemptAt: now, error: 'a hang', standsAside: false });
    await world.run((tx) => retryDeadLetters(world.context, tx, { accountId }));
    expect(await inGroup()).toEqual([]);
  });

  test('given it is bound to another account, then no card there says anything of the first account any more', async () => {
    const account = await world.openAccount();
    await secondGroup(account);
    await account.recharge('1');
    await account.use(1_000);
    await world.run((tx) => reviewAccount(world.context, tx, account.id));
    expect(kinds(await account.news())).toContain('overdue');
    await confirmed(account.group, unbinding(account.group, 1));
    const { id: accountId } = await world.openAccount();
    const { corpId, conversationId } = account.group;
    const conversation = { corpId, conversationId };
    const bound = { conversation, title: '新群', language: 'zh-CN', actor: MEMBER, accountId } as const;
    await world.run((tx) => authorizeGroup(world.context, tx, bound));
    await account.recharge('1000');
    await world.run((tx) => reviewAccount(world.context, tx, account.id));
    const told = await db.kysely
      .selectFrom('notices')
      .select(['reason', 'recipient'])
      .where('account_id', '=', account.id)
      .where('state', '=', 'waiting')
      .execute();
    expect(told).toContainEqual({ reason: 'overdue', recipient: `corp/second-${account.id}` });
    expect(told.filter(({ recipient }) => recipient === `corp/${conversationId}`)).toEqual([]);
  });

  test('given it has become the last group since it was asked for, then it is not unbound, because who agreed did not agree to that', async () => {
    const account = await world.openAccount();
    const other = await secondGroup(account, ADMIN);
    const code = await codeOf(account.group, unbinding(account.group, 1));
    await confirmed(other, unbinding(other, 1));
    expect(await decided(account.group, code)).toMatchObject({
      approval: { outcome: 'not_carried_out', problem: { code: 'setting_moved' } },
    });
    expect(await readGroup(db.kysely, account.group)).toBeDefined();
  });

  test('given the last group and a card that says so, then it is unbound, and nobody is told of anything', async () => {
    const account = await world.openAccount();
    await confirmed(account.group, unbinding(account.group, 0));
    await account.news();
    await account.recharge('10');
    expect(kinds(await account.news())).toEqual([]);
  });
});
