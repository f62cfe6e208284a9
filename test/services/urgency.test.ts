import { describe, expect, test } from 'vitest';
import type { Announcement } from '../../src/domain/announcement.ts';
import { acknowledgeAlerts } from '../../src/services/answer-alerts.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { isToldInQuietHours, urgencyOf } from '../../src/services/urgency.ts';
import { ADMIN, BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const world = await BillingWorld.on(db);

/** An account with a second contact whose plan is used up, which was told. */
async function exhausted(): Promise<TestAccount> {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge('100000');
  await account.grant('sms-5000');
  await account.settings({ secondContact: { staffId: 'chenjie', name: '陈洁' } });
  await account.use(5_000);
  await account.review();
  return account;
}

/** What became of the alert, where it was said, and how urgent that was. */
async function said(account: TestAccount): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom('notices')
    .select(['target', 'content', 'urgency'])
    .where('account_id', '=', account.id)
    .where('reason', '=', 'quota_exhausted')
    .orderBy('queued_at')
    .orderBy('ordinal')
    .execute();
  return rows.map(({ target, content, urgency }) => {
    const { type, userId } = target as { type: string; userId?: string };
    const { episode } = JSON.parse((content as { markdown: string }).markdown) as Announcement;
    const state = episode?.endedAt ? 'over' : episode?.acknowledged ? 'answered' : 'open';
    return [type, ...(userId === undefined ? [] : [userId]), state, urgency].join(' ');
  });
}

describe("the month's calls and what ends (rule 23)", () => {
  test('given a critical alert that is escalated and then ends, then its steps are critical, and that it is over can wait, but for the second contact', async () => {
    const account = await exhausted();
    world.pass({ minutes: 30 });
    await account.review();
    world.pass({ minutes: 1 });
    await account.grant('sms-5000');
    await account.review();
    expect(await said(account)).toEqual([
      'group open critical',
      'direct chenjie open critical',
      'card open critical',
      'card over routine',
      'card chenjie over critical',
    ]);
  });

  test('given an answer in the group, then the card that shows it is the reply that somebody waits for; elsewhere it is critical', async () => {
    const account = await exhausted();
    const { corpId, conversationId } = account.group;
    const inGroup = (place: string): ServiceContext => ({
      ...world.context,
      source: {
        via: 'chat',
        corpId,
        conversationId: place,
        messageId: 'm',
        isDirect: false,
        pressed: { subject: null },
      },
    });
    await world.run((tx) => acknowledgeAlerts(inGroup(conversationId), tx, account.group, ADMIN, 'only'));
    expect((await said(account)).at(-1)).toBe('card answered reply');

    const other = await exhausted();
    await world.run((tx) => acknowledgeAlerts(inGroup('cid-elsewhere'), tx, other.group, ADMIN, 'only'));
    expect((await said(other)).at(-1)).toBe('card answered critical');
  });

  const limit = { kind: 'limit_changed' as const };
  test.each([
    ['the debt is paid', { kind: 'restored' as const }, true],
    ['somebody resumes sending', { kind: 'sending_resumed' as const }, true],
    ['a cap that was reached is lifted', { ...limit, lifted: true }, true],
    ['another cap is changed', { ...limit, lifted: false }, false],
    ['a plan was added', { kind: 'plan_added' as const }, false],
    ['a renewal has bought', { kind: 'renewed' as const }, false],
  ])(
    'given that %s, then it is critical and told at night, or can wait, by whether messages can be sent again',
    (_, news, isUrgent) => {
      expect(urgencyOf(news)).toBe(isUrgent ? 'critical' : 'routine');
      expect(isToldInQuietHours(news)).toBe(isUrgent);
    },
  );
});
