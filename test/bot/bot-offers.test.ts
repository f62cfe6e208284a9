import { describe, expect, it } from 'vitest';
import type { OfferVersion } from '../../src/domain/offer.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { anOffer, at, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, MEMBER, OFFER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const APRIL = at('2026-04-01');
const SOON = anOffer({ id: 'sms-soon', title: '国内短信 8 千条包', segments: 8_000n, effectiveFrom: APRIL });
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const commands = ({ content }: QueuedNotice) => content.buttons.map(({ command }) => command);
const put = (...versions: readonly OfferVersion[]) => inTransaction(db, (tx) => insertOffers(tx, versions));

const DEARER = { ...OFFER, version: 2, effectiveFrom: APRIL, price: yuan('2000') };

describe('Bot: an offer of which a change is announced', () => {
  it.each([
    ['价格', '2026年4月1日 00:00 起：价格 ¥2,000.00，续费价 ¥1,900.00'],
    ['购买', '2026年4月1日 00:00 起：价格 ¥2,000.00，续费价 ¥1,900.00'],
    ['设置 套餐', '续费价 ¥1,805.00；2026年4月1日 00:00 起：价格 ¥2,000.00，续费价 ¥1,900.00'],
    ['自动续费', '2026年4月1日 00:00 起：价格 ¥2,000.00，续费价 ¥1,900.00'],
    ['套餐', '2026年4月1日 00:00 起：价格 ¥2,000.00，续费价 ¥1,900.00'],
    ['price', 'from Apr 1, 2026, 00:00: ¥2,000.00, renewal price ¥1,900.00'],
  ])('given %s, then what is sold now stands there, and from when it changes to what', async (text, expected) => {
    const world = await new BotWorld(db).setUp();
    await put(DEARER);
    expect(read(await world.say(MEMBER, text))).toContain(expected);
  });

  it('given an offer that is not sold yet, then it is announced apart, and is neither quoted nor chosen', async () => {
    const world = await new BotWorld(db).setUp();
    await put(SOON);
    for (const text of ['价格', '购买', '设置 套餐']) {
      const answer = await world.say(ADMIN, text);
      expect(read(answer)).toContain(
        '「国内短信 8 千条包」：8,000 条，¥170.00，有效期 12 个月，2026年4月1日 00:00 起可以购买',
      );
      expect(commands(answer).join()).not.toContain(SOON.id);
    }
    for (const text of [`购买 ${SOON.id}`, `设置 套餐 ${SOON.title}`]) {
      expect(read(await world.say(ADMIN, text))).toContain('「国内短信 8 千条包」现在不出售，没有任何改动');
    }
  });
});

describe('Bot: an offer that is not sold any more', () => {
  it('then it is not listed, asking for it is refused by its name, and auto-renewal says that it needs another one', async () => {
    const world = await new BotWorld(db).setUp();
    await put(DEARER, { id: OFFER.id, version: 3, effectiveFrom: at('2026-03-09'), withdrawn: true });
    await put(anOffer({ id: 'sms-other', title: '国内短信 3 万条包', segments: 30_000n }));
    const offered = await world.say(ADMIN, '购买');
    expect(commands(offered)).toContain('购买 sms-other');
    expect(commands(offered)).not.toContain(`购买 ${OFFER.id}`);
    expect(read(await world.say(ADMIN, `购买 ${OFFER.id}`))).toContain('现在不出售');
    for (const text of ['自动续费', '套餐', '设置', '群']) {
      expect(read(await world.say(MEMBER, text))).toContain(`「${OFFER.title}」现在不出售，所以不会自动购买`);
    }
    expect(read(await world.say(MEMBER, '余量'))).toContain('现在不出售或不够大，不会自动购买');
    // Off at once as ever, and not on again with it.
    expect(read(await world.say(ADMIN, '自动续费 关'))).toContain('已关闭');
    expect(read(await world.say(ADMIN, '自动续费 开'))).toContain('现在不出售，没有任何改动');
  });
});
