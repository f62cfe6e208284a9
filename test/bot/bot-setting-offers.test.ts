import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { anOffer, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, OFFER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) => new BotWorld(db).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const commands = ({ content }: QueuedNotice) => content.buttons.map(({ command }) => command);

describe('Bot: 设置 套餐 (rule 13)', () => {
  it('given no other offer that would be taken, then it says why, and how it could be', async () => {
    const world = await aWorld();
    const question = await world.say(ADMIN, '设置 套餐');
    expect(read(question)).toContain('没有别的套餐比阈值 10,000 条大');
    expect(commands(question)).toEqual(['设置 阈值']);
  });

  it('given 设置 套餐, then only what would be taken is offered, and an offer is named by its number, as by 购买', async () => {
    const world = await aWorld({ policy: { threshold: 10_000n } });
    const larger = anOffer({ id: 'large', title: '大包', segments: 77_000n, price: yuan('2000') });
    const small = anOffer({ id: 'small', title: '小包', segments: 9_000n, price: yuan('300') });
    await inTransaction(db, (tx) => insertOffers(tx, [small, larger]));
    const question = await world.say(ADMIN, '设置 套餐');
    expect(commands(question)).toContain(`设置 套餐 ${larger.id}`);
    expect(commands(question)).not.toContain(`设置 套餐 ${small.id}`);
    expect(commands(question), 'it is chosen already').not.toContain(`设置 套餐 ${OFFER.id}`);
    const { content } = await world.say(ADMIN, '购买');
    const number = /\*\*(\d+)\. 大包/.exec(content.markdown)?.[1];
    expect(read(question)).toContain(`设置 套餐 ${number}`);
    expect(read(await world.say(ADMIN, `设置 套餐 ${number}`))).toContain('「国内短信 5 万条包」 → 「大包」');
  });
});
