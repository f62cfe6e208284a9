import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { insertAdministrator } from '../../src/store/groups.ts';
import { insertOffers, readPlansWithQuota } from '../../src/store/plans.ts';
import { readPolicy } from '../../src/store/renewals.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER, OFFER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const SMALL = anOffer({
  id: 'SMS-10000',
  title: '国内短信 1 万条包',
  segments: 10_000n,
  price: yuan('400'),
  renewalDiscountBp: 500,
});
const OFF = { policy: { enabled: false } };

async function aWorld(options: Parameters<BotWorld['setUp']>[0] = {}): Promise<BotWorld> {
  const world = await new BotWorld(db).setUp(options);
  await inTransaction(db, (tx) => insertOffers(tx, [SMALL]));
  return world;
}

const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const commands = ({ content }: QueuedNotice) => content.buttons.map(({ command }) => command);
const plans = (world: BotWorld) => readPlansWithQuota(db.kysely, world.accountId);

function codeOf({ content }: QueuedNotice): string {
  const [, code] = / ([2-9A-Z]{4})[：，]/.exec(content.title) ?? [];
  if (!code) throw new Error(`no code in ${content.title}`);
  return code;
}

/** Presses a card's button by what stands on it. */
function press(world: BotWorld, card: QueuedNotice, label: string, staffId = 'zhangwei') {
  const button = card.content.buttons.find((one) => one.label === label);
  if (!button) throw new Error(`no button ${label}`);
  return world.click(staffId, card.outTrackId, button.id);
}

describe('Bot: 购买 (rules 16 and 17)', () => {
  it('given 购买, then every offer is shown with its price a segment beside pay-as-you-go, and a button that quotes it', async () => {
    const world = await aWorld();
    const card = await world.say(MEMBER, '购买');
    expect(read(card)).toContain('1. 国内短信 1 万条包：10,000 条，¥400.00，有效期 12 个月');
    expect(read(card)).toContain('2. 国内短信 5 万条包：50,000 条，¥1,900.00，有效期 12 个月');
    expect(read(card)).toContain('每条 ¥0.038；与现在的按量付费相比：验证码和通知便宜 ¥0.007，推广便宜 ¥0.017');
    expect(commands(card)).toEqual([`购买 ${SMALL.id}`, `购买 ${OFFER.id}`]);
    expect(await plans(world)).toHaveLength(1);
  });

  it('given an offer is chosen by its button, then the quote is a card to confirm: price, balance, quota, expiry', async () => {
    const world = await aWorld(OFF);
    const quote = await press(world, await world.say(ADMIN, '购买'), '购买 50,000 条');
    for (const part of [
      '请确认',
      '购买「国内短信 5 万条包」（¥1,900.00）',
      '价格：¥1,900.00',
      '账户余额：¥5,000.00 → ¥3,100.00',
      '余量：50,000 条 → 100,000 条',
      '有效期：12 个月，现在购买到 2027年3月10日',
    ]) {
      expect(read(quote)).toContain(part);
    }
    const code = codeOf(quote);
    expect(quote.content.buttons.map(({ label, command }) => [label, command])).toEqual([
      ['确认', `批准 ${code}`],
      ['购买并开启自动续费', '购买 sms-50000 自动续费 10000 买 sms-50000'],
      ['取消', `拒绝 ${code}`],
    ]);
    expect(await plans(world)).toHaveLength(1);
  });

  it('given it is confirmed, then it is bought once, a receipt tells all figures, and the card shows it to everyone', async () => {
    const world = await aWorld();
    const quote = await world.say(ADMIN, '购买 2');
    const answer = await press(world, quote, '确认');
    expect(read(answer)).toContain('已购买，新套餐立即生效');
    const [receipt] = await world.notices('purchased');
    expect(receipt && read(receipt)).toMatch(
      /购买成功：\+50,000 条，¥1,900\.00[\s\S]*张伟[\s\S]*¥5,000\.00 → ¥3,100\.00[\s\S]*100,000 条/,
    );
    const [changed] = await world.notices('approval_decided');
    expect(changed).toMatchObject({ outTrackId: quote.outTrackId, content: { buttons: [] } });
    expect(changed && read(changed)).toContain('张伟 已于 2026年3月10日 12:00 确认');
    expect(await plans(world)).toHaveLength(2);

    const late = await press(world, quote, '确认');
    expect(read(late)).toContain('已经结束');
    expect(late).toMatchObject({
      target: { type: 'direct', userId: 'zhangwei' },
      content: { buttons: [], mentions: [] },
    });
    expect(await plans(world)).toHaveLength(2);
    await expectBooksRight(db, world.accountId);
  });

  it.each(['确认', '批准', 'confirm', 'approve'])(
    'given %s with the code is typed, then it is bought too (rule 18)',
    async (word) => {
      const world = await aWorld();
      await world.say(ADMIN, `${word} ${codeOf(await world.say(ADMIN, '购买 2'))}`);
      expect(await plans(world)).toHaveLength(2);
    },
  );

  it('given it is cancelled, then nothing is bought, and it cannot be confirmed any more', async () => {
    const world = await aWorld();
    const quote = await world.say(ADMIN, '购买 2');
    expect(read(await world.say(ADMIN, `取消 ${codeOf(quote)}`))).toContain('没有购买，也没有扣款');
    expect(read(await press(world, quote, '确认'))).toContain('张伟 已于 2026年3月10日 12:00 取消');
    expect(await plans(world)).toHaveLength(1);
    expect(await world.notices('purchased')).toEqual([]);
  });

  it.each([
    ['购买 2', OFFER.id],
    ['购买2', OFFER.id],
    ['买 5万条', OFFER.id],
    ['购买 50,000', OFFER.id],
    ['购买 国内短信 5 万条包', OFFER.id],
    ['购买 5 万条包', OFFER.id],
    ['购买 sms-10000', SMALL.id],
    ['购买 1万条的套餐', SMALL.id],
    ['buy SMS-50000', OFFER.id],
  ])('given %s, then that offer is quoted', async (text, offerId) => {
    const world = await aWorld();
    await world.say(ADMIN, text);
    const [row] = await db.kysely
      .selectFrom('approvals')
      .select('action')
      .where('account_id', '=', world.accountId)
      .execute();
    expect(row?.action).toMatchObject({ type: 'purchase', terms: { offerId } });
  });

  it.each(['购买 国内短信', '购买 7', '购买 一个', '购买 2 3', 'buy <script>'])(
    'given %s, which names no single offer, then it asks which, and nothing waits',
    async (text) => {
      const world = await aWorld();
      const answer = await world.say(ADMIN, text);
      expect(read(answer)).toMatch(/没看懂|did not understand/);
      expect(answer.content.buttons).toHaveLength(2);
      expect(
        await db.kysely.selectFrom('approvals').selectAll().where('account_id', '=', world.accountId).execute(),
      ).toEqual([]);
    },
  );

  it('given too little money, then it says how much is missing, and nothing waits or is bought', async () => {
    const world = await aWorld({ balance: '100' });
    const answer = await world.say(ADMIN, '购买 2');
    expect(read(answer)).toContain('余额不足：还差 ¥800.00');
    expect(read(answer)).toContain('可用金额只有 ¥1,100.00');
    expect(
      await db.kysely.selectFrom('approvals').selectAll().where('account_id', '=', world.accountId).execute(),
    ).toEqual([]);
  });

  it('given the money is gone when it is confirmed, then it says how much is missing, and offers a new quote', async () => {
    const world = await aWorld({ balance: '950' });
    const quote = await world.say(ADMIN, '购买 2');
    await db.kysely
      .updateTable('accounts')
      .set({ credit_limit: 0n })
      .where('account_id', '=', world.accountId)
      .execute();
    const answer = await press(world, quote, '确认');
    expect(read(answer)).toContain('还差 ¥950.00');
    expect(commands(answer)[0]).toBe('购买 sms-50000');
    expect(await plans(world)).toHaveLength(1);
    const [changed] = await world.notices('approval_decided');
    expect(changed && read(changed)).toContain('还差 ¥950.00');
  });

  it('given the price changes before it is confirmed, then nothing is bought, and a button quotes the new price', async () => {
    const world = await aWorld();
    const moving = anOffer({
      id: `moving-${world.group}`,
      title: `会变的套餐 ${world.group}`,
      segments: 77n,
      price: yuan('3'),
    });
    await inTransaction(db, (tx) => insertOffers(tx, [moving]));
    const quote = await world.say(ADMIN, `购买 ${moving.id}`);
    await inTransaction(db, (tx) => insertOffers(tx, [{ ...moving, version: 2, price: yuan('4') }]));
    const answer = await press(world, quote, '确认');
    expect(read(answer)).toContain('套餐或价格在申请之后变了');
    expect(await plans(world)).toHaveLength(1);
    const again = await press(world, answer, '按新价格报价');
    expect(read(again)).toContain('¥4.00');
    await press(world, again, '确认');
    expect(await plans(world)).toHaveLength(2);
    const withdrawal = { id: moving.id, version: 3, effectiveFrom: moving.effectiveFrom, withdrawn: true } as const;
    await inTransaction(db, (tx) => insertOffers(tx, [withdrawal]));
  });

  it('given the same is asked for twice, then the older card loses its buttons and cannot be confirmed', async () => {
    const world = await aWorld(OFF);
    const first = await world.say(ADMIN, '购买 2');
    const second = await press(world, first, '购买并开启自动续费');
    const [changed] = await world.notices('approval_decided');
    expect(changed).toMatchObject({ outTrackId: first.outTrackId, content: { buttons: [] } });
    expect(changed && read(changed)).toContain('已换成新的一张');
    expect(read(await press(world, first, '确认'))).toContain('已经结束');
    expect(await plans(world)).toHaveLength(1);
    await press(world, second, '确认');
    expect(await plans(world)).toHaveLength(2);
    expect(await world.isAutoRenewalOn()).toBe(true);
  });
});

describe('Bot: 购买 with auto-renewal (rules 11 and 13)', () => {
  it('given threshold and plan are said, then the quote names them and confirming sets them with the purchase', async () => {
    const world = await aWorld(OFF);
    const quote = await world.say(ADMIN, '购买 1 自动续费 5千 买 2');
    expect(read(quote)).toContain('余量降到 5,000 条');
    expect(read(quote)).toContain('自动购买「国内短信 5 万条包」，续费价 ¥1,805.00');
    await press(world, quote, '确认');
    expect(await readPolicy(db.kysely, world.accountId)).toMatchObject({
      enabled: true,
      threshold: 5_000n,
      offerId: OFFER.id,
    });
    const [receipt] = await world.notices('purchased');
    expect(receipt && read(receipt)).toContain('自动续费已开启：余量降到 5,000 条');
    // The receipt says it; it is not told once more.
    expect(await world.notices('auto_renewal_changed')).toEqual([]);
  });

  it.each([
    ['购买 2 自动续费', 10_000n],
    ['购买 2 并开启自动续费 阈值 8000', 8_000n],
    ['buy 2 auto-renew 0.5万', 5_000n],
    ['购买 2 自动续费 5,000条', 5_000n],
  ])('given %s, then the threshold is %s', async (text, threshold) => {
    const world = await aWorld(OFF);
    const quote = await world.say(ADMIN, text);
    await world.click('zhangwei', quote.outTrackId, quote.content.buttons[0]?.id ?? '');
    expect(await readPolicy(db.kysely, world.accountId)).toMatchObject({ enabled: true, threshold });
  });

  it('given a threshold that is not understood, then it is asked for with choices that quote', async () => {
    const world = await aWorld(OFF);
    const question = await world.say(ADMIN, '购买 1 自动续费 一些 买 1');
    expect(commands(question)).toEqual(
      [1_000, 2_000, 5_000].map((value) => `购买 SMS-10000 自动续费 ${value} 买 SMS-10000`),
    );
    const quote = await press(world, question, '2,000 条');
    expect(read(quote)).toContain('余量降到 2,000 条');
  });

  it('given a plan that cannot lift the quota above the threshold, then larger ones and lower thresholds are offered', async () => {
    const world = await aWorld(OFF);
    const answer = await world.say(ADMIN, '购买 1 自动续费 10000 买 1');
    expect(read(answer)).toContain('只有 10,000 条，余量用完时买了也超不过阈值 10,000 条');
    expect(read(answer)).not.toContain('设置 套餐');
    expect(await world.isAutoRenewalOn()).toBe(false);
    expect(commands(answer)).toEqual([
      '购买 SMS-10000 自动续费 10000 买 sms-50000',
      ...[1_000, 2_000, 5_000].map((value) => `购买 SMS-10000 自动续费 ${value} 买 SMS-10000`),
    ]);
    const label = answer.content.buttons[0]?.label ?? '';
    expect(label).toBe('续费买 50,000 条');
    expect(read(await press(world, answer, label))).toContain('自动购买「国内短信 5 万条包」');
  });

  it('given a policy that is off, then what is not said of auto-renewal is what the policy has', async () => {
    const world = await aWorld({ policy: { enabled: false, threshold: 7_000n } });
    for (const text of ['购买 1 自动续费', '购买 1 自动续费 7000']) {
      const quote = await world.say(ADMIN, text);
      expect(read(quote), text).toContain(
        '余量降到 7,000 条，或最后一个套餐到期前 10 天，会自动购买「国内短信 5 万条包」',
      );
    }
    const option = (await world.say(ADMIN, '购买 1')).content.buttons[1];
    expect(option?.command).toBe('购买 SMS-10000 自动续费 7000 买 sms-50000');
  });

  it('given auto-renewal is on already, then the quote does not offer it', async () => {
    const world = await aWorld();
    const quote = await world.say(ADMIN, '购买 2');
    expect(quote.content.buttons.map(({ label }) => label)).toEqual(['确认', '取消']);
  });

  it('given auto-renewal is on as it is asked for, then only the plan is quoted, and it says so', async () => {
    const world = await aWorld();
    for (const text of ['购买 1 自动续费', '购买 1 自动续费 10000']) {
      const quote = await world.say(ADMIN, text);
      expect(read(quote), text).toContain(
        '自动续费已经开启：余量降到 10,000 条时会自动购买「国内短信 5 万条包」，保持不变',
      );
      expect(quote.content.title, text).toMatch(/购买「[^」]*」（¥[\d.]+）$/);
    }
  });

  it('given auto-renewal is on otherwise, then the quote says that it is changed', async () => {
    const world = await aWorld();
    const quote = await world.say(ADMIN, '购买 2 自动续费 5000');
    expect(quote.content.title).toContain('并修改自动续费');
    expect(read(quote)).toContain('同时修改自动续费：以后余量降到 5,000 条');
    await press(world, quote, '确认');
    expect(await readPolicy(db.kysely, world.accountId)).toMatchObject({ enabled: true, threshold: 5_000n });
  });
});

describe('Bot: 购买 by who may not spend (rule 16)', () => {
  it('given a member, then it becomes a request with the quote, and an administrator’s approval buys', async () => {
    const world = await aWorld();
    const answer = await world.say(MEMBER, '购买 2');
    expect(read(answer)).toContain('已提交申请');
    const [card] = await world.notices('approval_requested');
    if (!card) throw new Error('nothing was requested');
    expect(read(card)).toContain('李娜 申请购买「国内短信 5 万条包」（¥1,900.00）');
    expect(read(card)).toContain('账户余额：¥5,000.00 → ¥3,100.00');
    const refused = await press(world, card, '批准', 'lina');
    expect(read(refused)).toContain('需要管理员决定');
    expect(refused.target).toEqual({ type: 'direct', userId: 'lina' });
    expect(await plans(world)).toHaveLength(1);
    await press(world, card, '批准');
    expect(await plans(world)).toHaveLength(2);
  });

  it('given the same request again, then it names the one that waits; an administrator who wants the same is told of it too', async () => {
    const world = await aWorld();
    const code = codeOf(await world.say(MEMBER, '购买 2'));
    expect(read(await world.say(MEMBER, '购买 2'))).toContain(code);
    expect(read(await world.say(ADMIN, '购买 2'))).toContain(code);
    expect(await world.notices('approval_requested')).toHaveLength(1);
  });

  it('given someone of another organization, then nothing is requested', async () => {
    const world = await aWorld();
    expect(read(await world.say(EXTERNAL, '购买 2'))).toContain('只有本组织的成员');
    expect(await world.notices('approval_requested')).toEqual([]);
  });

  it('given a second person is demanded, then who asks cannot approve, and another administrator can', async () => {
    const world = await aWorld();
    const other = { staffId: 'laoban', name: '老板' };
    await inTransaction(db, (tx) =>
      insertAdministrator(tx, { corpId: CORP, conversationId: world.group }, other, world.clock.now()),
    );
    await db.kysely
      .updateTable('accounts')
      .set({ two_person: true })
      .where('account_id', '=', world.accountId)
      .execute();
    const answer = await world.say(ADMIN, '购买 2');
    expect(read(answer)).toContain('等 老板 批准');
    expect(read(answer)).toContain('要求双人确认');
    const [card] = await world.notices('approval_requested');
    if (!card) throw new Error('nothing was requested');
    expect(card.content.mentions).toEqual([{ userId: 'laoban', name: '老板' }]);
    const own = await press(world, card, '批准');
    expect(read(own)).toContain('不能批准自己的申请');
    expect(own.target).toEqual({ type: 'direct', userId: 'zhangwei' });
    expect(await plans(world)).toHaveLength(1);
    await press(world, card, '批准', 'laoban');
    expect(await plans(world)).toHaveLength(2);
  });

  it('given a second person is demanded and there is none, then it says so', async () => {
    const world = await aWorld();
    await db.kysely
      .updateTable('accounts')
      .set({ two_person: true })
      .where('account_id', '=', world.accountId)
      .execute();
    expect(read(await world.say(ADMIN, '购买 2'))).toContain('没有别人可以批准');
    expect(await plans(world)).toHaveLength(1);
  });
});
