import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { changeAccount } from '../../src/services/account-change.ts';
import { recharge } from '../../src/services/accounts.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { createApiKey, revokeApiKey } from '../../src/services/api-keys.ts';
import { decide, expireApproval } from '../../src/services/approvals.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { issueGroupCode } from '../../src/services/groups.ts';
import { readAudit, readHistory } from '../../src/store/audit.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const SWITCH_OFF = { type: 'switch_auto_renewal', enabled: false } as const;
const SWITCH_ON = { type: 'switch_auto_renewal', enabled: true } as const;

const atTerminal: ServiceContext = { ...world.context, source: { via: 'cli' } };
const inChat = (account: TestAccount, messageId: string): ServiceContext => ({
  ...world.context,
  source: {
    via: 'chat',
    corpId: 'corp',
    conversationId: account.group.conversationId,
    messageId,
    isDirect: false,
    pressed: null,
  },
});

const entries = async (accountId: string) => {
  const all = await readAudit(db.kysely, { accountId, from: null, to: null, limit: 1_000 });
  return all.map(({ entry }) => entry);
};
/** What was done since the account was opened and bound. */
const deeds = async (accountId: string) =>
  (await entries(accountId)).filter(({ deed }) => !['account_opened', 'group_bound'].includes(deed.type));

describe('who asked, approved and did what, when and from which message', () => {
  test('given a member asks and an administrator approves, then both are kept, with their messages and the approval', async () => {
    const account = await world.openAccount();
    await account.renewal({ enabled: true });
    const asked = await world.run((tx) =>
      requestAction(inChat(account, 'msg-1'), tx, account.group, MEMBER, SWITCH_OFF),
    );
    if (asked.type !== 'requested') throw new Error(asked.type);
    const { id, code } = asked.approval;
    world.pass({ minutes: 5 });
    const now = world.clock.now();
    await world.run((tx) => decide(inChat(account, 'click/2'), tx, account.group, ADMIN, { code, approve: true }));
    const message = (messageId: string) => ({
      corpId: 'corp',
      conversationId: account.group.conversationId,
      messageId,
    });
    expect(await deeds(account.id)).toMatchObject([
      {
        by: { kind: 'person', ...MEMBER },
        deed: { type: 'requested', action: SWITCH_OFF },
        via: 'chat',
        message: message('msg-1'),
        approval: { id, code, requestedBy: 'lina', requesterName: '李娜', decidedBy: null },
      },
      {
        at: now,
        by: { kind: 'person', ...ADMIN },
        deed: { type: 'decided', state: 'approved', action: SWITCH_OFF },
        outcome: 'done',
        message: message('click/2'),
        approval: { id, code, requestedBy: 'lina', decidedBy: 'zhangwei', deciderName: '张伟' },
      },
    ]);
  });

  test('given an administrator does it at once, then there is one entry and no approval', async () => {
    const account = await world.openAccount();
    await account.renewal({ enabled: true });
    await world.run((tx) => requestAction(inChat(account, 'msg-1'), tx, account.group, ADMIN, SWITCH_OFF));
    expect(await deeds(account.id)).toMatchObject([
      { by: { kind: 'person', ...ADMIN }, deed: { type: 'carried_out', action: SWITCH_OFF }, approval: null },
    ]);
  });

  test('given rejection with a reason, expiry, and what could not be carried out, then each says what came of it', async () => {
    const account = await world.openAccount();
    const ask = async () => {
      await account.renewal({ enabled: true });
      const asked = await world.run((tx) => requestAction(world.context, tx, account.group, MEMBER, SWITCH_OFF));
      if (asked.type !== 'requested') throw new Error(asked.type);
      return asked.approval.code;
    };
    const rejected = await ask();
    await world.run((tx) =>
      decide(world.context, tx, account.group, ADMIN, { code: rejected, approve: false, reason: '等下个月' }),
    );
    const expired = await ask();
    world.pass({ hours: 25 });
    await world.run((tx) => expireApproval(world.context, tx, account.id, expired));
    const needless = await ask();
    await account.renewal({ enabled: false });
    await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code: needless, approve: true }));
    const decided = (await deeds(account.id)).filter(({ deed }) => deed.type === 'decided');
    expect(decided).toMatchObject([
      { deed: { state: 'rejected', reason: '等下个月' }, outcome: 'declined', by: { kind: 'person' } },
      { deed: { state: 'expired' }, outcome: 'declined', by: { kind: 'system' }, approval: { decidedBy: null } },
      { deed: { state: 'approved' }, outcome: 'no_longer_needed' },
    ]);
  });

  test('given the operator at the command line, then recharges, grants, keys, codes and changes are kept without secrets', async () => {
    const account = await world.openAccount();
    const { id } = account;
    const key = await world.run(async (tx) => {
      await recharge(atTerminal, tx, { accountId: id, amount: yuan('500'), key: 'k', by: 'cli' });
      await recharge(atTerminal, tx, { accountId: id, amount: yuan('500'), key: 'k', by: 'cli' });
      return createApiKey(atTerminal, tx, id, 'gateway');
    });
    await account.grant('sms-100', 'once');
    await account.grant('sms-100', 'once');
    const { code } = await world.run((tx) => issueGroupCode(atTerminal, tx, id));
    await world.run(async (tx) => {
      await revokeApiKey(atTerminal, tx, id, 'gateway');
      await changeAccount(atTerminal, tx, id, { creditLimit: yuan('100') });
    });
    const done = await deeds(id);
    expect(done.map(({ deed }) => deed)).toMatchObject([
      { type: 'recharged', amount: '500000000', balance: '500000000', key: 'k' },
      { type: 'key_created', label: 'gateway' },
      { type: 'plan_granted', title: '100 segments', segments: '100' },
      { type: 'group_code_issued' },
      { type: 'key_revoked', label: 'gateway' },
      { type: 'account_changed', changes: [{ field: 'credit_limit', before: '0', after: '100000000' }] },
    ]);
    expect(done.every(({ by }) => by.kind === 'operator')).toBe(true);
    expect(done.filter(({ via }) => via === 'cli')).toHaveLength(5);
    const stored = JSON.stringify(done);
    expect(stored).not.toContain(key.slice(16));
    expect(stored).not.toContain(code);
  });

  test('given auto-renewal fails, is retried after a recharge and buys, then each step is kept with its figures', async () => {
    const account = await world.openAccount();
    await account.renewal({ enabled: true, threshold: 1_000n });
    await account.review();
    await account.recharge('200');
    await account.review();
    const renewal = (await deeds(account.id)).filter(({ by }) => by.kind === 'auto_renewal');
    expect(renewal.map(({ deed }) => deed)).toMatchObject([
      { type: 'renewal_failed', price: yuan('170').toString(), missing: yuan('170').toString() },
      { type: 'renewed', segments: '5000', price: yuan('170').toString(), trigger: 'threshold' },
    ]);
    expect(renewal.every(({ via, message }) => via === 'service' && message === null)).toBe(true);
  });

  test('given auto-renewal must ask and is turned off, then its request and the end of the episode are kept', async () => {
    const account = await world.openAccount();
    await account.recharge('1000');
    await account.renewal({ enabled: true, threshold: 1_000n, approvalAbove: yuan('1') });
    await account.review();
    await account.renewal({ enabled: false });
    await account.review();
    const renewal = (await deeds(account.id)).filter(({ by }) => by.kind === 'auto_renewal');
    expect(renewal.map(({ deed }) => deed)).toMatchObject([
      { type: 'requested', action: { type: 'renew' } },
      { type: 'renewal_ended', reason: 'turned_off' },
    ]);
  });

  test('given who rejected says why afterwards, then that is kept too', async () => {
    const account = await world.openAccount();
    await account.renewal({ enabled: true });
    const asked = await world.run((tx) => requestAction(world.context, tx, account.group, MEMBER, SWITCH_OFF));
    if (asked.type !== 'requested') throw new Error(asked.type);
    const { code } = asked.approval;
    const reject = (reason?: string) =>
      world.run((tx) =>
        decide(world.context, tx, account.group, ADMIN, { code, approve: false, ...(reason ? { reason } : {}) }),
      );
    await reject();
    await reject('等下个月');
    expect((await deeds(account.id)).map(({ deed }) => deed)).toMatchObject([
      { type: 'requested' },
      { type: 'decided', state: 'rejected', reason: null },
      { type: 'reason_given', reason: '等下个月' },
    ]);
  });

  test('given the deed is rolled back, then so is its entry', async () => {
    const account = await world.openAccount();
    const failing = world.run(async (tx) => {
      await recharge(world.context, tx, { accountId: account.id, amount: yuan('5'), key: randomUUID(), by: 'cli' });
      throw new Error('later');
    });
    await expect(failing).rejects.toThrow('later');
    expect(await deeds(account.id)).toEqual([]);
  });
});

describe('the audit is append-only', () => {
  test.each([
    ['changed', sql`update audit set actor_name = 'x'`],
    ['removed', sql`delete from audit`],
    ['truncated', sql`truncate audit`],
  ])('given an entry is %s, then the database refuses', async (_, statement) => {
    await (await world.openAccount()).recharge('1');
    await expect(statement.execute(db.kysely)).rejects.toThrow(/append-only/);
  });
});

describe('the history of a group', () => {
  test('given many entries, then they come by pages, the newest first, each once, and a decided request is one of them', async () => {
    const account = await world.openAccount();
    for (let count = 1; count <= 5; count += 1) await account.recharge(`${count}`);
    await account.renewal({ enabled: true });
    const asked = await world.run((tx) => requestAction(world.context, tx, account.group, MEMBER, SWITCH_OFF));
    if (asked.type !== 'requested') throw new Error(asked.type);
    const pending = await readHistory(db.kysely, account.id, { skip: 0, limit: 1 });
    expect(pending.entries).toMatchObject([{ deed: { type: 'requested' } }]);
    const { code } = asked.approval;
    await world.run((tx) => decide(world.context, tx, account.group, ADMIN, { code, approve: true }));
    await world.run((tx) => requestAction(world.context, tx, account.group, MEMBER, SWITCH_ON));

    const seen: string[] = [];
    for (let skip = 0; ; skip += 3) {
      const { entries: page, more } = await readHistory(db.kysely, account.id, { skip, limit: 3 });
      seen.push(...page.map(({ deed }) => (deed.type === 'recharged' ? `recharged ${deed.amount}` : deed.type)));
      if (!more) break;
    }
    expect(seen).toEqual([
      'requested',
      'decided',
      ...[5, 4, 3, 2, 1].map((count) => `recharged ${count}000000`),
      'group_bound',
      'account_opened',
    ]);
  });

  test("given two accounts, then neither sees the other's", async () => {
    const [one, two] = [await world.openAccount(), await world.openAccount()];
    await one.recharge('1');
    const { entries: page } = await readHistory(db.kysely, two.id, { skip: 0, limit: 10 });
    expect(page.map(({ deed }) => deed.type)).toEqual(['group_bound', 'account_opened']);
  });
});
