import { beforeAll, expect, test } from 'vitest';
import { compose } from '../../src/bot/compose.ts';
import type { ApprovalAction } from '../../src/domain/approval.ts';
import type { AccountSettings } from '../../src/domain/settings.ts';
import { requestAction } from '../../src/services/actions/request.ts';
import { acknowledgeAlerts } from '../../src/services/answer-alerts.ts';
import { decide } from '../../src/services/approvals.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { reviewAccount } from '../../src/services/review.ts';
import type { Staff } from '../../src/services/roles.ts';
import { type Group, insertAdministrator } from '../../src/store/groups.ts';
import type { NoticeTarget } from '../../src/store/notices.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const SECOND = { staffId: 'chenjie', name: '陈洁' };
const { db } = await createTestDatabase();
let world: BillingWorld;
let context: ServiceContext;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  context = { ...world.context, compose };
});

/** An account with two groups, of which Zhang Wei administers both; its plan is used up, which was told and delivered. */
async function exhausted(settings: Partial<AccountSettings>, others: readonly Staff[] = []) {
  world.clock.set(NOW);
  const account = await world.openAccount();
  const conversation = { corpId: 'corp', conversationId: `second-${account.id}` };
  const second: Group = { ...conversation, accountId: account.id, title: '二群', language: 'zh-CN' };
  await world.run(async (tx) => {
    await authorizeGroup(context, tx, {
      ...{ conversation, title: '二群', language: 'zh-CN' },
      actor: ADMIN,
      accountId: account.id,
    });
    for (const person of others) await insertAdministrator(tx, account.group, person, NOW);
  });
  await account.recharge('100000');
  await account.grant('sms-5000');
  await account.settings({ escalateAfterMinutes: 30, ...settings });
  await account.use(5_000);
  await review(account);
  return { account, second };
}

const review = (account: TestAccount) => world.run((tx) => reviewAccount(context, tx, account.id));

/** Asks for something that has to be confirmed, and confirms it. */
async function confirmed(group: Group, action: ApprovalAction): Promise<void> {
  const asked = await world.run((tx) => requestAction(context, tx, group, ADMIN, action));
  if (asked.type === 'done') throw new Error('it was done at once');
  const { code } = asked.approval;
  await world.run((tx) => decide(context, tx, group, ADMIN, { code, approve: true }));
}

const refOf = ({ corpId, conversationId, title }: Group) => ({ corpId, conversationId, title });

async function toldSince(account: TestAccount, { staffId }: Staff, since: Temporal.Instant): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom('notices')
    .select(['target', 'reason'])
    .where('account_id', '=', account.id)
    .where('recipient', '=', `corp/${staffId}`)
    .where('queued_at', '>', since)
    .orderBy('queued_at')
    .execute();
  return rows.map(({ target, reason }) => `${(target as unknown as NoticeTarget).type} ${reason}`);
}

async function acknowledge(group: Group): Promise<void> {
  world.pass({ minutes: 5 });
  const { type } = await world.run((tx) => acknowledgeAlerts(context, tx, group, ADMIN, 'only'));
  expect(type).toBe('answered');
}

test('rule 21: given an administrator who was told directly and is removed, when the alert is answered, then they are told nothing of it', async () => {
  const { account } = await exhausted({ alertsTo: 'direct' }, [MEMBER]);
  const person = { id: MEMBER.staffId, name: MEMBER.name };
  await confirmed(account.group, { type: 'remove_administrator', group: refOf(account.group), person });
  const removedAt = world.clock.now();
  await acknowledge(account.group);
  expect(await toldSince(account, MEMBER, removedAt)).toEqual([]);
  expect(await toldSince(account, ADMIN, removedAt)).toEqual(['card quota_exhausted']);
});

test('given an administrator of two groups, when the one in which their card acts is unbound, then it acts in the other, and says what becomes of it', async () => {
  const { account, second } = await exhausted({ alertsTo: 'direct' });
  await confirmed(account.group, { type: 'unbind_group', group: refOf(account.group), others: 1 });
  const unboundAt = world.clock.now();
  await acknowledge(second);
  expect(await toldSince(account, ADMIN, unboundAt)).toEqual(['card quota_exhausted']);
  const cards = await db.kysely
    .selectFrom('cards')
    .select('acts_in')
    .where('account_id', '=', account.id)
    .where('conversation_id', '=', ADMIN.staffId)
    .where('subject', 'like', 'alert/%')
    .execute();
  expect(cards).toEqual([{ acts_in: second.conversationId }]);
});

test('rule 21: given the second contact, when the group through which they were told is unbound, then they are told of the end all the same', async () => {
  const { account, second } = await exhausted({ secondContact: SECOND });
  world.pass({ minutes: 40 });
  await review(account);
  expect(await toldSince(account, SECOND, NOW)).toEqual(['direct quota_exhausted']);
  await confirmed(account.group, { type: 'unbind_group', group: refOf(account.group), others: 1 });
  const unboundAt = world.clock.now();
  await acknowledge(second);
  expect(await toldSince(account, SECOND, unboundAt)).toEqual(['card quota_exhausted']);
});
