import { beforeAll, describe, expect, test } from 'vitest';
import { composeOperatorAlert } from '../../src/bot/compose/operator.ts';
import { compose } from '../../src/bot/compose.ts';
import type { AccountSettings } from '../../src/domain/settings.ts';
import { acknowledgeAlerts, snoozeAlerts } from '../../src/services/answer-alerts.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { readOpenAlerts } from '../../src/store/alerts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { deleteGroup } from '../../src/store/groups.ts';
import { leaseDueNotices } from '../../src/store/notice-queue.ts';
import type { NoticeContent, NoticeTarget } from '../../src/store/notices.ts';
import { readSettings, writeSettings } from '../../src/store/settings.ts';
import { ADMIN, BillingWorld, MEMBER, type TestAccount } from '../support/billing-world.ts';
import { at, NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const SECOND = { staffId: 'chenjie', name: '陈洁' };
const { db } = await createTestDatabase();
let world: BillingWorld;
let context: ServiceContext;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  context = {
    ...world.context,
    compose,
    operator: {
      conversationId: 'cidOperators',
      staffIds: [],
      compose: (alert, when) => composeOperatorAlert(alert, 'zh-CN', when),
    },
  };
});

/** An account whose plan is used up, which was told; other alerts have no reason to be. */
async function exhausted(settings: Partial<AccountSettings> = {}, from = NOW): Promise<TestAccount> {
  world.clock.set(from);
  const account = await world.openAccount();
  await account.recharge('100000');
  await account.grant('sms-5000');
  await world.run(async (tx) =>
    writeSettings(tx, account.id, { ...(await readSettings(tx, account.id)), ...settings }, world.clock.now()),
  );
  await account.use(5_000);
  await review(account);
  return account;
}

function review(account: TestAccount): Promise<boolean> {
  return world.run((tx) => reviewAccount(context, tx, account.id));
}

interface Said {
  readonly to: string;
  readonly title: string;
  readonly markdown: string;
  readonly buttons: readonly string[];
  readonly minutes: number;
  readonly heldUntil: string | null;
}

/** What was said of the account's alerts: `group`, `direct`, `card` for a change of one, `operator`. */
async function said(account: TestAccount, from = NOW): Promise<Said[]> {
  const rows = await db.kysely
    .selectFrom('notices')
    .select(['target', 'content', 'queued_at', 'reason', 'held_until'])
    .where('account_id', '=', account.id)
    .where('reason', 'in', ['quota_exhausted', 'alert_unanswered'])
    .orderBy('queued_at')
    .orderBy('ordinal')
    .execute();
  return rows.map((row) => {
    const { title, markdown, buttons } = row.content as unknown as NoticeContent;
    return {
      to: (row.target as unknown as NoticeTarget).type,
      title,
      markdown,
      buttons: buttons.map(({ command }) => command),
      minutes: from.until(row.queued_at).total('minutes'),
      heldUntil: row.held_until?.toString() ?? null,
    };
  });
}

const moments = (all: readonly Said[]) => all.map(({ to, minutes }) => `${to} ${minutes}`);

/** Looks whenever the account is due, as the service does, for so long; after the first hours at noon and midnight alone. */
async function live(account: TestAccount, duration: Temporal.DurationLike): Promise<void> {
  const end = NOW.add(duration);
  const isLong = NOW.until(end).total('hours') > 48;
  for (;;) {
    const due = await account.nextReviewAt();
    const halfDays = Math.ceil(NOW.until(due).total('hours') / 12);
    const look = isLong && halfDays > 1 ? NOW.add({ hours: 12 * halfDays }) : due;
    if (Temporal.Instant.compare(look, end) > 0) break;
    if (Temporal.Instant.compare(look, world.clock.now()) > 0) world.clock.set(look);
    await review(account);
  }
  world.clock.set(end);
}

async function codeOf(account: TestAccount): Promise<string> {
  const [alert] = await readOpenAlerts(db.kysely, account.id);
  return alert?.code ?? '';
}

describe('a critical alert without an answer (rules 19 and 21)', () => {
  test('given two weeks, then the second contact, the operator and the administrators again are told, at these moments and no others', async () => {
    const account = await exhausted({ secondContact: SECOND, escalateAfterMinutes: 30 });
    await live(account, { hours: 15 * 24 });
    const day = 24 * 60;
    expect(moments(await said(account))).toEqual([
      'group 0',
      'direct 30',
      'card 30',
      'operator 60',
      'card 60',
      ...[1, 3, 7, 14].map((days) => `group ${days * day}`),
    ]);
  });

  test('given each step, then the cards say so, and the second contact is shown no buttons', async () => {
    const account = await exhausted({ secondContact: SECOND });
    await live(account, { hours: 25 });
    const all = await said(account);
    const code = await codeOf(account);
    const [first, direct, changed, operator, changedAgain, repeat] = all;
    expect(first?.buttons.slice(0, 2)).toEqual([`知道了 ${code}`, `静音 ${code} 4小时`]);
    expect(first?.markdown).toContain(`编号 **${code}**`);
    expect(direct).toMatchObject({ to: 'direct', buttons: [], title: '没有人回复：套餐已用完，已转为按量付费' });
    expect(direct?.markdown).toContain('请联系 张伟');
    expect(changed?.markdown).toContain('已于 2026年3月10日 12:30 通知第二联系人 **陈洁**');
    expect(operator?.title).toBe('Test Ltd：套餐已用完，没有人回复');
    expect(operator?.markdown).toContain('第二联系人 **陈洁** 已经收到通知');
    expect(changedAgain?.markdown).toContain('已于 2026年3月10日 13:00 通知运维人员');
    expect(changedAgain?.markdown).toContain('数据截至 2026年3月10日 12:00');
    expect(repeat).toMatchObject({ to: 'group', title: '再次提醒：套餐已用完，已转为按量付费' });
  });

  test('given two replicas at the same moment, then each step is taken once', async () => {
    const account = await exhausted({ secondContact: SECOND });
    world.clock.set(NOW.add({ minutes: 30 }));
    await Promise.all([review(account), review(account), review(account)]);
    expect(moments(await said(account))).toEqual(['group 0', 'direct 30', 'card 30']);
    expect(await account.nextReviewAt()).toEqual(NOW.add({ hours: 1 }));
  });

  test('given the review is lost in a crash after it was done, then it is done once', async () => {
    const account = await exhausted({ secondContact: SECOND });
    world.clock.set(NOW.add({ minutes: 30 }));
    world.crashNext = true;
    await review(account);
    expect(moments(await said(account))).toEqual(['group 0', 'direct 30', 'card 30']);
  });

  test('given it ends, then its cards say so without buttons that act, and nothing is told any more', async () => {
    const account = await exhausted();
    world.pass({ minutes: 5 });
    await account.grant('sms-5000');
    await live(account, { hours: 50 });
    const all = await said(account);
    expect(moments(all)).toEqual(['group 0', 'card 5']);
    expect(all[1]).toMatchObject({ title: '已结束：套餐已用完，已转为按量付费', buttons: [] });
    expect(all[1]?.markdown).toContain('已于 **2026年3月10日 12:05** 结束');
  });
});

test('rule 21: given no group any more, through which the second contact could be told, then the operator is not told that they were', async () => {
  const account = await exhausted({ secondContact: SECOND, escalateAfterMinutes: 30 });
  await world.run((tx) => deleteGroup(tx, account.group));
  await live(account, { minutes: 61 });
  const told = (await said(account)).filter(({ to }) => to !== 'group');
  expect(moments(told)).toEqual(['operator 60']);
  expect(told[0]?.markdown).toContain('第二联系人也没有收到通知');
});

describe('an answer (rules 17 and 19)', () => {
  const by = (account: TestAccount, actor = ADMIN) => ({
    ack: (choice: 'only' | { code: string } = 'only') =>
      world.run((tx) => acknowledgeAlerts(context, tx, account.group, actor, choice)),
    snooze: (duration: Temporal.DurationLike) =>
      world.run((tx) => snoozeAlerts(context, tx, account.group, actor, 'only', Temporal.Duration.from(duration))),
  });

  test('given an administrator acknowledges it, then the card shows who and when, nothing is told for a month, and the audit keeps it', async () => {
    const account = await exhausted({ secondContact: SECOND });
    world.pass({ minutes: 10 });
    expect(await by(account).ack()).toMatchObject({ type: 'answered' });
    await live(account, { hours: 30 * 24 });
    const all = await said(account);
    expect(moments(all)).toEqual(['group 0', 'card 10']);
    expect(all[1]?.title).toBe('已知悉：套餐已用完，已转为按量付费');
    expect(all[1]?.markdown).toContain('**张伟** 已于 2026年3月10日 12:10 回复**知道了**');
    expect(all[1]?.buttons.some((command) => command.startsWith('知道了'))).toBe(false);
    const deeds = await db.kysely
      .selectFrom('audit')
      .select(['deed', 'actor_id'])
      .where('account_id', '=', account.id)
      .where('deed', '=', 'alert_acknowledged')
      .execute();
    expect(deeds).toEqual([{ deed: 'alert_acknowledged', actor_id: ADMIN.staffId }]);
  });

  test('given somebody acknowledged it, then the next one is told who, and changes nothing; so is who comes after its end', async () => {
    const account = await exhausted();
    const code = await codeOf(account);
    await by(account).ack({ code });
    expect(await by(account).ack({ code })).toMatchObject({ type: 'acknowledged', by: { byName: '张伟' } });
    expect(await by(account).ack()).toEqual({ type: 'none' });
    await account.grant('sms-5000');
    await review(account);
    expect(await by(account).ack({ code })).toMatchObject({ type: 'ended' });
    expect(await by(account).ack({ code: 'Z2Z' })).toEqual({ type: 'unknown' });
  });

  test('given an answer at the same time as the escalation, then one of both comes first, and after the answer nothing is told', async () => {
    const account = await exhausted({ secondContact: SECOND });
    world.clock.set(NOW.add({ minutes: 30 }));
    await Promise.all([review(account), by(account).ack()]);
    const before = (await said(account)).filter(({ to }) => to !== 'card').length;
    await live(account, { hours: 8 * 24 });
    expect((await said(account)).filter(({ to }) => to !== 'card')).toHaveLength(before);
  });

  test('given it is snoozed for four hours, then nothing is told until then, then the administrators, and then the others', async () => {
    const account = await exhausted({ secondContact: SECOND });
    world.pass({ minutes: 10 });
    await by(account).snooze({ hours: 4 });
    await live(account, { hours: 6 });
    expect(moments((await said(account)).filter(({ to }) => to !== 'card'))).toEqual([
      'group 0',
      'group 250',
      'direct 280',
      'operator 310',
    ]);
    const [, snoozed] = await said(account);
    expect(snoozed?.title).toBe('已静音：套餐已用完，已转为按量付费');
    expect(snoozed?.markdown).toContain('**张伟** 已静音，**2026年3月10日 16:10** 之前不再提醒');
  });

  test('given it was acknowledged, when it ends and happens again, then that is news, and its answer is awaited anew', async () => {
    const account = await exhausted();
    await by(account).ack();
    world.pass({ minutes: 1 });
    await account.grant('sms-100');
    await review(account);
    world.pass({ minutes: 1 });
    await account.use(100);
    await review(account);
    await live(account, { hours: 25 });
    expect(moments((await said(account)).filter(({ to }) => to === 'group'))).toEqual([
      'group 0',
      'group 2',
      `group ${24 * 60 + 2}`,
    ]);
  });

  test('given a member, then they may not, and nothing is changed', async () => {
    const account = await exhausted();
    await expect(by(account, MEMBER).ack()).rejects.toMatchObject({ code: 'not_administrator' });
    await expect(by(account, MEMBER).snooze({ hours: 4 })).rejects.toMatchObject({ code: 'not_administrator' });
    expect(await readOpenAlerts(db.kysely, account.id)).toMatchObject([{ acknowledged: null, snoozed: null }]);
  });

  test.each([{ days: 8 }, { seconds: 30 }])('given %j, then it is refused', async (duration) => {
    const account = await exhausted();
    await expect(by(account).snooze(duration)).rejects.toMatchObject({ code: 'snooze_out_of_range' });
  });
});

describe('worse is news (rule 19)', () => {
  test('given an overdue account that was acknowledged in its grace, when sending is suspended, then that is told, repeated and escalated', async () => {
    world.clock.set(NOW);
    const account = await world.openAccount({ overdueGraceHours: 2 });
    await account.use(1_000);
    await review(account);
    await world.run((tx) => acknowledgeAlerts(context, tx, account.group, ADMIN, 'all'));
    await live(account, { hours: 27 });
    const rows = await db.kysely
      .selectFrom('notices')
      .select(['queued_at', 'target'])
      .where('account_id', '=', account.id)
      .where('reason', 'in', ['overdue', 'alert_unanswered'])
      .orderBy('ordinal')
      .execute();
    expect(
      rows
        .map((row) => `${(row.target as unknown as NoticeTarget).type} ${NOW.until(row.queued_at).total('hours')}`)
        .filter((text) => !text.startsWith('card')),
    ).toEqual(['group 0', 'group 2', 'operator 3', 'group 26']);
  });
});

test('rule 21: given the second contact was told of an alert that has become worse since, when it ends, then their card says so', async () => {
  world.clock.set(NOW);
  const account = await world.openAccount({ overdueGraceHours: 2 });
  await world.run(async (tx) =>
    writeSettings(
      tx,
      account.id,
      { ...(await readSettings(tx, account.id)), secondContact: SECOND, escalateAfterMinutes: 60 },
      NOW,
    ),
  );
  await account.use(1_000);
  await live(account, { minutes: 130 });
  await account.recharge('100000');
  await review(account);
  const rows = await db.kysely
    .selectFrom('notices')
    .select(['content', 'target', 'queued_at'])
    .where('account_id', '=', account.id)
    .where('recipient', '=', `corp/${SECOND.staffId}`)
    .orderBy('ordinal')
    .execute();
  const told = rows.map(({ content, target, queued_at }) => ({
    type: (target as unknown as NoticeTarget).type,
    minutes: NOW.until(queued_at).total('minutes'),
    text: (content as unknown as NoticeContent).markdown,
  }));
  expect(told).toMatchObject([
    { type: 'direct', minutes: 60 },
    { type: 'card', minutes: 130, text: expect.stringContaining('14:10** 结束') },
  ]);
});

describe('quiet hours (rule 21)', () => {
  const NIGHT = at('2026-03-10T23:00');
  const quietHours = { from: '22:00', until: '08:00' };

  test('given a receipt and a critical alert at night, then the alert is said at once, before what waits for the morning', async () => {
    const account = await exhausted({ quietHours }, NIGHT);
    await account.recharge('10', 'night');
    const leased = async (now: Temporal.Instant) => {
      const parcels = await inTransaction(db, async (tx) =>
        leaseDueNotices(tx, now, { limit: 50, leaseUntil: now.add({ seconds: 1 }) }),
      );
      return parcels
        .filter(({ leader }) => leader.accountId === account.id)
        .map(({ leader }) => leader.key.split('/').slice(0, 2).join('/'));
    };
    const held = await db.kysely
      .selectFrom('notices')
      .select(['reason', 'held_until', 'next_attempt_at'])
      .where('account_id', '=', account.id)
      .where('held_until', 'is not', null)
      .execute();
    const morning = at('2026-03-11T08:00');
    expect(held).toEqual([{ reason: 'recharged', held_until: morning, next_attempt_at: morning }]);
    expect(await leased(NIGHT)).not.toContain('recharge/night');
    expect((await said(account, NIGHT)).map(({ heldUntil }) => heldUntil)).toEqual([null]);
  });

  test('given a zone in which the clocks change that night, then it is said at eight of that zone', async () => {
    world.clock.set(Temporal.Instant.from('2026-03-28T22:00:00Z'));
    const account = await world.openAccount({ timeZone: 'Europe/Berlin' });
    await world.run(async (tx) =>
      writeSettings(tx, account.id, { ...(await readSettings(tx, account.id)), quietHours }, world.clock.now()),
    );
    await account.recharge('10');
    const held = await db.kysely
      .selectFrom('notices')
      .select('held_until')
      .where('account_id', '=', account.id)
      .execute();
    expect(held.map(({ held_until }) => held_until?.toString())).toEqual(['2026-03-29T06:00:00Z']);
  });
});
