import { describe, expect, it } from 'vitest';
import { closeNeedlessApprovals } from '../../src/services/approval-end.ts';
import { remindOfApproval } from '../../src/services/approvals.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, MEMBER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) => new BotWorld(db).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const labels = ({ content }: QueuedNotice) => content.buttons.map(({ label }) => label);

/** A member's request to switch auto-renewal off, and its card. */
async function requested(world: BotWorld): Promise<{ code: string; card: QueuedNotice }> {
  await world.say(MEMBER, '自动续费 关');
  const card = (await world.notices('approval_requested')).at(-1);
  const [, code] = / ([2-9A-Z]{4})：/.exec(card?.content.title ?? '') ?? [];
  if (!card || !code) throw new Error('nothing was requested');
  return { code, card };
}

async function cardNow(world: BotWorld): Promise<string> {
  const change = (await world.notices('approval_decided')).at(-1);
  return change ? read(change) : '';
}

describe('Bot: rejecting with a reason (rule 17)', () => {
  it.each([
    ['拒绝 CODE 太贵了', '太贵了'],
    ['拒绝CODE，原因：下个月 Q3 再说', '下个月 Q3 再说'],
    ['reject CODE Too expensive for Q3', 'Too expensive for Q3'],
    ['驳回 CODE <b>[x](dtmd://y)</b> @all', '＜b＞［x］（dtmd'],
  ])('given %s, then the reason is kept as it was typed, harmless, and shown on the card', async (text, reason) => {
    const world = await aWorld();
    const { code } = await requested(world);
    const answer = await world.say(ADMIN, text.replace('CODE', code));
    for (const shown of [read(answer), await cardNow(world)]) expect(shown).toContain(reason.slice(0, 4));
    expect(await cardNow(world)).toMatch(/张伟 已于 2026年3月10日 12:00 拒绝/);
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given the button, then it is rejected at once, the card offers to say why, and the reason is added to the card', async () => {
    const world = await aWorld();
    const { code, card } = await requested(world);
    const answer = await world.click('zhangwei', card.outTrackId, `reject-${code}`);
    expect(read(answer)).toContain(`想说明原因，张伟 可以发送「拒绝 ${code} 原因」`);
    expect(read(await world.say(ADMIN, `拒绝 ${code} 预算已用完`))).toContain('已补充拒绝');
    expect(await cardNow(world)).toContain('原因：预算已用完');
    // It is said once; what was rejected stays so.
    expect(read(await world.say(ADMIN, `拒绝 ${code} 别的原因`))).toContain('已经结束');
    expect(await cardNow(world)).toContain('原因：预算已用完');
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('已经结束');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });
});

describe('Bot: late and stray decisions (rule 17)', () => {
  it('given a second click, then only who clicked is told who decided and what came of it', async () => {
    const world = await aWorld();
    const { code, card } = await requested(world);
    await world.click('zhangwei', card.outTrackId, `approve-${code}`);
    for (const [person, action] of [
      ['zhangwei', 'approve'],
      ['zhangwei', 'reject'],
      ['lina', 'approve'],
    ] as const) {
      const late = await world.click(person, card.outTrackId, `${action}-${code}`);
      expect(late).toMatchObject({
        target: { type: 'direct', userId: person },
        content: { buttons: [], mentions: [] },
      });
      expect(read(late)).toContain('张伟 已于 2026年3月10日 12:00 批准');
      expect(read(late)).toContain('自动续费已关闭');
    }
  });

  it('given it is typed late, then it is answered where it was typed', async () => {
    const world = await aWorld();
    const { code } = await requested(world);
    await world.say(ADMIN, `拒绝 ${code}`);
    expect(await world.say(ADMIN, `批准 ${code}`)).toMatchObject({
      target: { type: 'reply', conversationKind: 'group' },
    });
  });
});

describe('Bot: a request that nobody has to decide any more', () => {
  it('given it became needless, then its card says so for everyone and has no buttons', async () => {
    const world = await aWorld();
    const { code, card } = await requested(world);
    await world.say(ADMIN, '自动续费 关');
    await inTransaction(db, async (tx) =>
      closeNeedlessApprovals(world.context, tx, await lockAccount(tx, world.accountId)),
    );
    const [change] = await world.notices('approval_decided');
    expect(change).toMatchObject({ outTrackId: card.outTrackId, content: { buttons: [], hint: '' } });
    expect(await cardNow(world)).toMatch(/不再需要.*\n[\s\S]*已经不需要了/);
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('已经结束');
    expect(read(await world.say(ADMIN, '审批'))).toContain('没有等待审批的申请');
  });

  it('given the renewal that it was for has ended, then the next review takes its buttons away', async () => {
    const world = await aWorld({ plan: false, policy: { approvalAbove: 1n } });
    const review = () => inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
    await review();
    expect(await world.notices('approval_requested')).toHaveLength(1);
    await world.say(ADMIN, '自动续费 关');
    await review();
    expect(await cardNow(world)).toContain('已经不需要了');
  });
});

describe('Bot: reminders and lists', () => {
  it('given two hours are left, then the reminder says until when, and its buttons decide', async () => {
    const world = await aWorld();
    const { code } = await requested(world);
    world.clock.set(world.clock.now().add({ hours: 22 }));
    await inTransaction(db, (tx) => remindOfApproval(world.context, tx, world.accountId, code));
    const [reminder] = await world.notices('approval_reminder');
    if (!reminder) throw new Error('nobody was reminded');
    expect(read(reminder)).toMatch(/即将过期 .*李娜 申请关闭自动续费/);
    expect(read(reminder)).toContain('将于 2026年3月11日 12:00 过期作废');
    await world.click('zhangwei', reminder.outTrackId, `approve-${code}`);
    expect(await world.isAutoRenewalOn()).toBe(false);
  });

  it('given requests and a confirm card, then 审批 lists each with its own two buttons', async () => {
    const world = await aWorld();
    await requested(world);
    await world.say(MEMBER, '购买 1');
    await world.say(ADMIN, '购买 2');
    const list = await world.say(ADMIN, '审批');
    const pending = await db.kysely
      .selectFrom('approvals')
      .select(['code', 'confirm'])
      .where('account_id', '=', world.accountId)
      .orderBy('requested_at')
      .orderBy('code')
      .execute();
    expect(labels(list)).toEqual(
      pending.flatMap(({ code, confirm }) =>
        confirm ? [`确认 ${code}`, `取消 ${code}`] : [`批准 ${code}`, `拒绝 ${code}`],
      ),
    );
    expect(pending.length).toBeGreaterThan(1);
  });
});

describe('Bot: auto-renewal that would buy at once (rules 16 and 17)', () => {
  it('given it is turned on, then a card says what is bought for how much, and confirming turns it on', async () => {
    const world = await aWorld({ plan: false, policy: { enabled: false } });
    const card = await world.say(ADMIN, '自动续费 开');
    expect(read(card)).toContain('立即购买「国内短信 5 万条包」（50,000 条），费用 ¥1,805.00');
    expect(labels(card)).toEqual(['确认', '取消']);
    expect(await world.isAutoRenewalOn()).toBe(false);
    const answer = await world.click('zhangwei', card.outTrackId, card.content.buttons[0]?.id ?? '');
    expect(read(answer)).toContain('自动续费已开启');
    expect(world.wakes).toContain(`review ${world.accountId}`);
  });
});
