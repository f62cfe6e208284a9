import { describe, expect, it } from 'vitest';
import { addTariffs } from '../../src/services/catalogue.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { anOffer, aReport, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { BotWorld, MEMBER, OFFER } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();

const TIERS = [
  { upTo: 100_000, price: '0.045' },
  { upTo: null, price: '0.040' },
];
/** The next version of the world's price list, in which tiers matter. */
const NEWER = {
  id: 'test',
  version: 2,
  currency: 'CNY',
  effectiveFrom: '2026-03-01T00:00:00+08:00',
  mode: 'volume' as const,
  planUsageCounts: false,
  mainland: { verification: TIERS, notification: TIERS, promotion: [{ upTo: null, price: '0.055' }] },
  international: { HK: '0.3', US: '0.05' },
};

describe('Bot: 价格 and price', () => {
  it('given 价格, then pay-as-you-go at the present volume stands beside each offer, a line each, with what is cheapest', async () => {
    const world = await new BotWorld(db).setUp({ plan: false });
    await inTransaction(db, (tx) => addTariffs(world.context, tx, [NEWER]));
    await ensurePartitions(db.kysely, NOW, NOW);
    const reports = [aReport({ segments: 100_000, at: NOW })];
    await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, reports));
    const { content } = await world.say(MEMBER, '价格');
    const text = wordsOf(content.markdown);
    expect(content.title).toBe('价格：按量付费与套餐');
    expect(content.markdown).toContain('验证码：100,000 条以内 ¥0.045，**再多 ¥0.04**');
    expect(content.markdown).toContain('通知：**100,000 条以内 ¥0.045**，再多 ¥0.04');
    for (const part of [
      '验证码：¥0.04，本月已计 100,000 条，已是最后一档',
      '通知：¥0.045，本月已计 0 条，从第 100,001 条起 ¥0.04',
      '1. 国内短信 5 万条包：¥1,900.00，每条 ¥0.038，12 个月',
      '验证码、通知和推广：套餐「国内短信 5 万条包」，¥0.038',
      '验证码：100,000 条以内 ¥0.045，再多 ¥0.04',
      '国际短信每条（只能按量付费）：香港 ¥0.30和美国 ¥0.05',
      '价目「test」第 2 版，2026年3月1日 00:00 起生效。',
      '数据截至',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('given offers that are dearer, the same, or of another currency, then each is told as it is, and pay-as-you-go wins', async () => {
    const world = await new BotWorld(db).setUp();
    await inTransaction(db, (tx) =>
      insertOffers(tx, [
        { ...OFFER, version: 2, price: yuan('2500') },
        anOffer({ id: 'same', title: 'Even', segments: 1_000n, price: yuan('45'), validityMonths: 3 }),
        anOffer({ id: 'usd', title: 'Dollars', segments: 1_000n, price: yuan('1'), currency: 'USD' }),
        anOffer({ id: 'hostile', title: '**[x](http://evil.cn)**', segments: 10n, price: yuan('5') }),
      ]),
    );
    const { content } = await world.say(MEMBER, 'PRICE');
    const text = wordsOf(content.markdown);
    expect(text).toContain('2. Even: ¥45.00, ¥0.045 a segment, 3 months');
    const list = wordsOf((await world.say(MEMBER, 'BUY')).content.markdown);
    expect(list).toContain('Verification and Notification the same');
    expect(list).toContain('Verification and Notification ¥0.005 more');
    expect(text).toContain('Verification: pay-as-you-go, ¥0.045');
    expect(text).toContain('An international segment, always pay-as-you-go: Hong Kong ¥0.30 and US ¥0.05');
    expect(text).not.toContain('Dollars');
    expect(content.markdown).not.toContain('http://evil');
  });
});
