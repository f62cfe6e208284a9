import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { closeBill } from '../../src/services/bills.ts';
import { addTariffs } from '../../src/services/catalogue.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { inTransaction } from '../../src/store/database.ts';
import { writeSettings } from '../../src/store/settings.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { aReport, at } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { BotWorld, MEMBER } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const TIERS = [{ upTo: null, price: '0.045' }];
/** The next version of the world's price list, with more countries. */
const PRICES = {
  ...{ id: 'test', version: 2, currency: 'CNY', effectiveFrom: '2026-03-01T00:00:00+08:00' },
  ...{ mode: 'volume' as const, planUsageCounts: false },
  mainland: { verification: TIERS, notification: TIERS, promotion: TIERS },
  international: { HK: '0.3', US: '0.05', MO: '0.05', TW: '0.05', JP: '0.04' },
};
let world: BotWorld;

/** An account of 10 March with usage of March and April, on 1 April, and then with March closed. */
beforeAll(async () => {
  world = await new BotWorld(db).setUp({ plan: false });
  const settings = { ...DEFAULT_SETTINGS, monthlyDigestAt: null };
  await inTransaction(db, (tx) => writeSettings(tx, world.accountId, settings, world.clock.now()));
  await inTransaction(db, (tx) => addTariffs(world.context, tx, [PRICES]));
  await use({ segments: 1_001 });
  await use({ segments: 20, templateType: 'promotion' });
  for (const [country, segments] of [
    ['HK', 9],
    ['US', 4],
    ['MO', 2],
    ['TW', 1],
    ['JP', 1],
  ] as const) {
    await use({ destination: 'international', country, segments });
  }
  world.clock.set(at('2026-04-01T10:00'));
  await use({ segments: 3 });
});

async function use(overrides: Partial<UsageReport>): Promise<void> {
  const report = aReport({ at: world.clock.now(), ...overrides });
  await ensurePartitions(db.kysely, report.at, report.at);
  await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, [report]));
}

const ask = async (text: string) => {
  const { content } = await world.say(MEMBER, text);
  return { ...content, text: wordsOf(content.markdown) };
};

describe('Bot: 账单 and bill', () => {
  it('given 账单, then the running month is shown as an estimate, of when, and from its opening to the present balance', async () => {
    const { title, text, buttons } = await ask('账单');
    expect(title).toMatch(/^2026年4月账单（估算）：支出 ¥0\.1/);
    for (const part of [
      '估算',
      '2026年5月2日 00:00 出账',
      '期初余额：¥',
      '按量付费：-¥',
      '目前余额：¥',
      '验证码：3 条',
      '数据截至 2026年4月1日 10:00',
    ]) {
      expect(text).toContain(part);
    }
    expect(buttons.map(({ label, command }) => [label, command])).toEqual([
      ['2026年3月账单', '账单 2026-03'],
      ['余额', '余额'],
    ]);
  });

  it.each(['账单 2026-03', '账单 上个月', '账单2026年3月', '账单 3月'])(
    'given %s before it is closed, then it says that late usage is waited for',
    async (said) => {
      const { title, text } = await ask(said);
      expect(title).toContain('2026年3月账单（估算）');
      expect(text).toContain('还在等迟到的用量，2026年4月2日 00:00 出账');
    },
  );

  it('given a month that is closed, then it is its bill, that changes no more, with the countries that cost most by name', async () => {
    world.clock.set(at('2026-04-02'));
    await inTransaction(db, (tx) => closeBill(world.context, tx, world.accountId));
    const { title, text, buttons } = await ask('bill 2026-03');
    expect(title).toMatch(/^Bill of March 2026: ¥[\d.]+ spent$/);
    for (const part of [
      'Closed at',
      'does not change',
      'Recharges: +¥5,000.00',
      'Hong Kong: 9 segments',
      '2 other countries: 2 segments',
    ]) {
      expect(text).toContain(part);
    }
    expect(buttons.map(({ command }) => command)).toEqual(['bill 2026-04', 'balance']);
  });

  it('given a bill that closes, then the administrators of the group have its receipt, with a button to the bill', async () => {
    const receipt = (await world.notices()).find(({ reason }) => reason === 'bill_closed');
    expect(receipt?.content.title).toMatch(/^2026年3月账单已出：支出 ¥/);
    expect(receipt?.content.mentions).toMatchObject([{ userId: 'zhangwei' }]);
    expect(receipt?.content.buttons[0]).toMatchObject({ label: '查看账单', command: '账单 2026-03' });
  });

  it.each([
    ['账单 2026-02', '没有2026年2月的账单', '账户于2026年3月开户', '账单 2026-03'],
    ['账单 2026-05', '没有2026年5月的账单', '2026年5月还没到', '账单 2026-04'],
    ['bill dec 2025', 'There is no bill of December 2025', 'opened in March 2026', 'bill 2026-03'],
  ])(
    'given %s, for which there is none, then that is said, with the nearest one',
    async (said, title, body, button) => {
      const answer = await ask(said);
      expect(answer.title).toBe(title);
      expect(answer.text).toContain(body);
      expect(answer.buttons.map(({ command }) => command)).toEqual([button]);
    },
  );

  it('given words that name no month, then it asks which, with months to choose', async () => {
    const { title, text, buttons } = await ask('账单 **十三月**');
    expect(title).toBe('要看哪个月的账单？');
    expect(text).not.toContain('**');
    expect(buttons.map(({ command }) => command)).toEqual(['账单 2026-04', '账单 2026-03']);
  });
});
