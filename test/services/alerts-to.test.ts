import { describe, expect, test } from 'vitest';
import { requestAction } from '../../src/services/actions/request.ts';
import { expireApproval } from '../../src/services/approvals.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { type Group, insertAdministrator } from '../../src/store/groups.ts';
import type { NoticeTarget } from '../../src/store/notices.ts';
import { readSettings, writeSettings } from '../../src/store/settings.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);
const OTHER = { staffId: 'wangqiang', name: '王强' };

/** An account with two groups: Zhang Wei administers both, Wang Qiang the second. */
async function anAccount(alertsTo: 'group' | 'direct' | 'both'): Promise<{ account: TestAccount; second: Group }> {
  const account = await world.openAccount();
  const second: Group = {
    corpId: 'corp',
    conversationId: `second-${account.id}`,
    accountId: account.id,
    title: '二群',
    language: 'en',
  };
  await world.run(async (tx) => {
    const { corpId, conversationId, title, language } = second;
    const conversation = { corpId, conversationId };
    await authorizeGroup(world.context, tx, { conversation, title, language, actor: ADMIN, accountId: account.id });
    await insertAdministrator(tx, second, OTHER, world.clock.now());
    await writeSettings(tx, account.id, { ...(await readSettings(tx, account.id)), alertsTo }, world.clock.now());
  });
  return { account, second };
}

async function whereTold(account: TestAccount, reason: string): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom('notices')
    .select(['target', 'recipient'])
    .where('account_id', '=', account.id)
    .where('reason', '=', reason)
    .orderBy('ordinal')
    .execute();
  return rows.map(({ target, recipient }) => {
    const { type } = target as unknown as NoticeTarget;
    return `${type} ${recipient.replace('corp/', '').replace(account.id, 'ID')}`;
  });
}

describe('rule 21: where alerts and receipts go', () => {
  test.each([
    ['group', ['group cid-ID', 'group second-ID']],
    ['direct', ['direct zhangwei', 'direct wangqiang']],
    ['both', ['direct zhangwei', 'direct wangqiang', 'group cid-ID', 'group second-ID']],
  ] as const)('given %s, then each is told there, and nobody twice of one thing', async (alertsTo, expected) => {
    const { account } = await anAccount(alertsTo);
    await account.recharge('10', 'once');
    await account.recharge('10', 'once');
    expect(await whereTold(account, 'recharged')).toEqual(expected);
  });

  test('given direct messages, then a request is also shown in the groups, where everyone sees it, and all its cards change', async () => {
    const { account } = await anAccount('direct');
    const action = { type: 'switch_auto_renewal', enabled: true } as const;
    await account.renewal({ enabled: false });
    const result = await world.run((tx) => requestAction(world.context, tx, account.group, MEMBER, action));
    if (result.type !== 'requested') throw new Error(result.type);
    expect(await whereTold(account, 'approval_requested')).toEqual([
      'direct zhangwei',
      'direct wangqiang',
      'group cid-ID',
      'group second-ID',
    ]);
    world.pass({ hours: 25 });
    await world.run((tx) => expireApproval(world.context, tx, account.id, result.approval.code));
    expect((await whereTold(account, 'approval_decided')).toSorted()).toEqual([
      'card cid-ID',
      'card second-ID',
      'card wangqiang',
      'card zhangwei',
    ]);
  });

  test('given direct messages and a deed that one group was told of by its answer, then its administrators are not told again', async () => {
    const { account, second } = await anAccount('direct');
    await account.renewal({ enabled: true, offerId: 'sms-5000', threshold: 0n });
    await account.grant('sms-5000');
    const action = { type: 'switch_auto_renewal', enabled: false } as const;
    await world.run((tx) => requestAction(world.context, tx, account.group, ADMIN, action));
    expect(await whereTold(account, 'auto_renewal_changed')).toEqual(['direct wangqiang']);
    expect(second.title).toBe('二群');
  });

  test('given a direct card, then it acts in the group of which its reader is an administrator', async () => {
    const { account } = await anAccount('direct');
    await account.recharge('10');
    const cards = await db.kysely
      .selectFrom('cards')
      .select(['conversation_id', 'acts_in'])
      .where('account_id', '=', account.id)
      .execute();
    expect(cards.map(({ conversation_id, acts_in }) => [conversation_id, acts_in?.replace(account.id, 'ID')])).toEqual([
      ['zhangwei', 'cid-ID'],
      ['wangqiang', 'second-ID'],
    ]);
  });
});
