import { describe, expect, it } from 'vitest';
import type { BarChart, BurnDownChart } from '../../src/charts/chart.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { grantPlan } from '../../src/services/plans.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { anOffer, aReport, at, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, MEMBER, type QueuedNotice } from './bot-world.ts';

const { db } = await createTestDatabase();
await ensurePartitions(db.kysely, at('2026-01-01'), NOW);

async function meter(world: BotWorld, reports: readonly UsageReport[]): Promise<void> {
  await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, reports));
}

function aWorld(options: Parameters<BotWorld['setUp']>[0] = {}): Promise<BotWorld> {
  return new BotWorld(db).setUp(options);
}

function chartOf({ content }: QueuedNotice): BarChart | BurnDownChart {
  const [picture, ...others] = content.pictures ?? [];
  expect(others).toEqual([]);
  if (!picture) throw new Error('no picture');
  expect(picture.alt).toBe(picture.chart.title);
  return picture.chart;
}

/** The text without its marks. */
function wordsOf({ content }: QueuedNotice): string {
  return content.markdown.replaceAll('**', '').replaceAll('  \n  ', '\n');
}

describe('用量', () => {
  it('given usage of several kinds, then 用量 tells each with what paid for it, of when it is, and shows the days', async () => {
    const world = await aWorld();
    await meter(world, [
      aReport({ segments: 300, at: at('2026-03-09T09:00') }),
      aReport({ segments: 200, templateType: 'promotion', at: NOW.subtract({ hours: 1 }) }),
      aReport({ segments: 40, destination: 'international', country: 'HK', at: NOW }),
    ]);
    // What was sent before the plan was bought is pay-as-you-go.
    const answer = await world.say(MEMBER, '用量');
    expect(answer.content.title).toBe('用量：2026年3月 540 条');
    const text = wordsOf(answer);
    for (const part of [
      '2026年3月共 540 条：套餐抵扣 0 条，按量付费 540 条，费用 ¥36.50',
      '国内 · 验证码：300 条，按量付费 ¥13.50',
      '国内 · 推广：200 条，按量付费 ¥11.00',
      '国际 · 验证码：40 条，按量付费 ¥12.00',
      '国际短信发往：香港 40 条（¥12.00）',
      '数据截至 2026年3月10日 12:00（GMT+8）',
    ]) {
      expect(text.replaceAll(' ', '')).toContain(part.replaceAll(' ', ''));
    }
    const chart = chartOf(answer) as BarChart;
    expect(chart).toMatchObject({
      kind: 'bars',
      title: '2026年3月：每天用量（条）',
      series: ['验证码', '通知', '推广', '国际'],
      note: '数据截至 2026年3月10日 12:00（GMT+8）',
    });
    expect(chart.bars).toHaveLength(31);
    expect(chart.bars[8]).toEqual({ label: '9', values: [300, 0, 0, 0] });
    expect(chart.bars[9]).toEqual({ label: '10', values: [0, 0, 200, 40] });
    expect(chart.bars[10]).toEqual({ label: '11', values: [0, 0, 0, 0] });
    expect(answer.content.buttons.map(({ command }) => command)).toEqual([
      '用量 今天',
      '用量 本周',
      '用量 上月',
      '套餐',
    ]);
  });

  it('given messages to a country without a price, then they are counted and said to wait, as caps count them', async () => {
    const world = await aWorld();
    const abroad = { destination: 'international', at: NOW } as const;
    await meter(world, [aReport({ ...abroad, segments: 90, country: 'JP' })]);
    const none = await world.say(MEMBER, '用量 今天');
    expect(none.content.title).toBe('用量：今天（2026年3月10日） 90 条');
    expect(wordsOf(none)).toContain('其中 90 条 发往暂无价格的国家或地区，有价格后再计费。');
    expect(none.content.pictures).toBeUndefined();

    await meter(world, [aReport({ ...abroad, segments: 10, country: 'HK' })]);
    const both = wordsOf(await world.say(MEMBER, 'usage today'));
    expect(both).toContain('100 segments in all; 0 segments covered by plans, 10 segments pay-as-you-go for ¥3.00');
    expect(both).toContain('90 segments went to countries without a price; they are billed once there is one.');
    // Those of the day before are another day's.
    expect(wordsOf(await world.say(MEMBER, 'usage 2026-03-09'))).toContain('nothing was used');
  });

  it('given a day, then its hours are shown; given a week, then its days by their names', async () => {
    const world = await aWorld();
    world.clock.set(NOW.add({ minutes: 20 }));
    await meter(world, [aReport({ segments: 7, at: NOW.add({ minutes: 10 }) })]);
    const day = await world.say(MEMBER, '用量 今天');
    expect(wordsOf(day)).toContain('今天（2026年3月10日）共 7 条：套餐抵扣 7 条，按量付费 0 条，费用 ¥0.00');
    expect(wordsOf(day)).toContain('国内 · 验证码：7 条，全部由套餐抵扣');
    const hours = chartOf(day) as BarChart;
    expect(hours.title).toBe('今天（2026年3月10日）：每小时用量（条）');
    expect(hours.bars.map(({ label }) => label)).toEqual(Array.from({ length: 24 }, (_, hour) => String(hour)));
    expect(hours.bars[12]?.values).toEqual([7, 0, 0, 0]);

    const week = await world.say(MEMBER, 'usage week');
    expect(week.content.title).toBe('This week (Mar 9 to Mar 15): 7 segments used');
    const names = (chartOf(week) as BarChart).bars.map(({ label }) => label);
    expect(names).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
  });

  it('given nothing was used, or the month is to come, then that is said, without a picture', async () => {
    const world = await aWorld();
    const none = await world.say(MEMBER, '用量 上月');
    expect(wordsOf(none)).toContain('2026年2月没有用量。');
    expect(none.content.pictures).toBeUndefined();
    const future = await world.say(MEMBER, 'usage 2027-01');
    expect(future.content.title).toBe('January 2027 is yet to come');
  });

  it('given something that is no time, then it is asked for, with choices', async () => {
    const world = await aWorld();
    const answer = await world.say(MEMBER, '用量 什么时候');
    expect(answer.content.title).toBe('查哪段时间的用量？');
    expect(answer.content.buttons.map(({ command }) => command)).toEqual([
      '用量 今天',
      '用量 本周',
      '用量 本月',
      '用量 上月',
    ]);
  });
});

describe('余量 and 余额 with their forecast', () => {
  it('given use, then 余量 says when the plans are used up and shows it, and 余额 when the money is', async () => {
    const world = await aWorld();
    await meter(world, [aReport({ segments: 12_600, at: NOW })]);
    const answer = await world.say(MEMBER, '余量');
    expect(wordsOf(answer)).toContain('套餐预计还能用：约 2.9 天，约 2026年3月13日 用完');
    const chart = chartOf(answer) as BurnDownChart;
    expect(chart).toMatchObject({
      kind: 'burn_down',
      title: '套餐余量与预测：还剩 37,400 条',
      threshold: { value: 10_000, label: '阈值 10,000 条' },
      names: { now: '现在' },
    });
    // The account's first plan came today at noon, so that is where the picture begins.
    expect(chart.past).toEqual([
      { day: 0.5, value: 50_000 },
      { day: 0.5, value: 37_400 },
    ]);
    expect(chart.days.slice(0, 3)).toEqual(['3/10', '3/11', '3/12']);
    expect(chart.end?.label).toBe('预计 3/13 用完');
    expect(chart.future[0]?.value).toBe(37_400);
    expect(chart.future.at(-1)).toEqual({ day: chart.end?.day, value: 0 });
    for (const [index, point] of chart.future.entries()) {
      expect(point.value).toBeLessThanOrEqual(chart.future[index - 1]?.value ?? Number.POSITIVE_INFINITY);
    }

    const balance = await world.say(MEMBER, '余额');
    expect(wordsOf(balance)).toMatch(/预计还能用：约 1[0-9.]+ 天，约 2026年3月\d+日 欠费/);
  });

  it('given four weeks with quiet weekends, then the forecast skips them and says so', async () => {
    const world = await aWorld();
    const reports: UsageReport[] = [];
    for (let day = at('2026-01-26T09:00'); Temporal.Instant.compare(day, NOW) < 0; day = day.add({ hours: 24 })) {
      const weekday = day.toZonedDateTimeISO('Asia/Shanghai').dayOfWeek;
      if (weekday <= 5) reports.push(aReport({ segments: 10_000, at: day }));
    }
    await meter(world, reports);
    // 50,000 bought on Tuesday at noon, 10,000 on each working day: Tuesday's other half, three days, the weekend, and so on.
    const answer = await world.say(MEMBER, '余量');
    expect(wordsOf(answer)).toContain('预测按近四周每周各天的规律分配');
    expect(wordsOf(answer)).toContain('约 2026年3月17日 用完');
  });

  it('given a plan that expires with something left, then 余量 says so', async () => {
    const world = await aWorld({ plan: false });
    const month = anOffer({ id: 'sms-month', title: '月包', segments: 9_000n, validityMonths: 1 });
    await inTransaction(db, async (tx) => {
      await insertOffers(tx, [month]);
      await grantPlan(world.context, tx, { accountId: world.accountId, offerId: month.id, key: 'm', by: 'test' });
    });
    await meter(world, [aReport({ segments: 10, at: NOW })]);
    const answer = await world.say(MEMBER, '余量');
    expect(wordsOf(answer)).toContain('2026年4月10日 到期时仍用不完，剩余的会作废');
    const chart = chartOf(answer) as BurnDownChart;
    expect(chart.end).toBeNull();
  });

  it('given an account without plans, then there is no picture', async () => {
    const world = await aWorld({ plan: false });
    expect((await world.say(MEMBER, '余量')).content.pictures).toBeUndefined();
  });
});

describe('套餐', () => {
  it('given plans, then each is told with a bar, its end, its cost and where it came from, and how auto-renewal is set', async () => {
    const world = await aWorld();
    await meter(world, [aReport({ segments: 19_000, at: NOW })]);
    const answer = await world.say(ADMIN, '套餐');
    expect(answer.content.title).toBe('套餐：1 个可用，余量 31,000 条');
    const text = wordsOf(answer);
    for (const part of [
      '国内短信 5 万条包',
      '▓▓▓▓▓▓▓░░░ 62%',
      '剩 31,000 / 50,000 条',
      '2027年3月10日 12:00 到期，还有 365 天',
      '2026年3月10日 由运维人员添加，没有费用',
      '自动续费已开启。',
      '触发：余量降到 10,000 条',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('最近 30 天结束的套餐');
    expect(answer.content.buttons.map(({ command }) => command)).toEqual(['自动续费 关', '设置', '购买', '余量']);
  });

  it('given plans that ended, then they are told in a line for 30 days: used up, or expired with what was lost', async () => {
    const world = await aWorld();
    const month = anOffer({ id: 'sms-short', title: '小包', segments: 900n, price: yuan('40'), validityMonths: 1 });
    await inTransaction(db, async (tx) => {
      await insertOffers(tx, [month]);
      const input = { accountId: world.accountId, offerId: month.id, by: 'test' };
      await grantPlan(world.context, tx, { ...input, key: 'a' });
      await grantPlan(world.context, tx, { ...input, key: 'b' });
    });
    await meter(world, [aReport({ segments: 1_000, at: NOW })]);
    const now = await world.say(MEMBER, 'plans');
    expect(wordsOf(now)).toContain('“小包”: used up on Mar 10, 2026');
    world.clock.set(at('2026-04-11T12:00'));
    await inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
    const later = await world.say(MEMBER, '套餐');
    expect(wordsOf(later)).toContain('「小包」：2026年4月10日 到期，800 条作废');
    expect(wordsOf(later)).not.toContain('用完\n');
    world.clock.set(at('2026-05-20T12:00'));
    expect(wordsOf(await world.say(MEMBER, '套餐'))).not.toContain('小包');
  });

  it('given no plan and auto-renewal off, then that is said, with the button that turns it on', async () => {
    const world = await aWorld({ plan: false, policy: { enabled: false } });
    const answer = await world.say(ADMIN, 'plans');
    expect(answer.content.title).toBe('Plans: 0 active, 0 segments left');
    expect(wordsOf(answer)).toContain('There is no active plan');
    expect(answer.content.buttons[0]).toMatchObject({ command: 'auto-renew on', style: 'primary' });
  });
});
