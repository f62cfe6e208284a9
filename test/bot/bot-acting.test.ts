import { describe, expect, it } from 'vitest';
import { expireApproval } from '../../src/services/approvals.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { reviewAccount } from '../../src/services/review.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertAdministrator } from '../../src/store/groups.ts';
import { insertOffers, readPlansWithQuota } from '../../src/store/plans.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER, OFFER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) => new BotWorld(db).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;

/** The code of the only request that waits, and its card. */
async function requested(world: BotWorld): Promise<{ code: string; card: QueuedNotice }> {
  const cards = await world.notices('approval_requested');
  const card = cards.at(-1);
  const code = /[2-9A-HJ-NP-Z]{4}/.exec(card?.content.buttons[0]?.command ?? '')?.[0];
  if (!card || !code) throw new Error('no request was posted');
  return { code, card };
}

describe('Bot: an administrator switches auto-renewal', () => {
  it.each([
    ['自动续费 关', '自动续费：已关闭', '自动续费 开'],
    ['关闭自动续费', '自动续费：已关闭', '自动续费 开'],
    ['auto-renew off', 'Auto-renewal is off', 'auto-renew on'],
  ])('given %s, then it is off at once, and the answer has the button that undoes it', async (text, title, undo) => {
    const world = await aWorld();
    const answer = await world.say(ADMIN, text);
    expect(answer.content.title).toBe(title);
    expect(await world.isAutoRenewalOn()).toBe(false);
    expect(world.wakes).toEqual(['deliver', `review ${world.accountId}`]);
    expect(answer.content.buttons[0]?.command).toBe(undo);

    await world.click('zhangwei', answer.outTrackId, answer.content.buttons[0]?.id ?? '');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given it is so already, then the answer says so, and nothing is changed or reviewed', async () => {
    const world = await aWorld();
    const before = await world.state();
    expect(read(await world.say(ADMIN, '自动续费 开'))).toContain('本来就是开启的');
    expect(await world.state()).toEqual(before);
    expect(world.wakes).toEqual(['deliver']);
  });

  it('given several groups of one account, then the other groups are told, and this one by the answer alone', async () => {
    const world = await aWorld();
    const other = { corpId: CORP, conversationId: `${world.group}-other` };
    const input = {
      conversation: other,
      title: '二群',
      language: 'en',
      actor: ADMIN,
      accountId: world.accountId,
    } as const;
    await inTransaction(db, (tx) => authorizeGroup(world.context, tx, input));
    await world.say(ADMIN, '自动续费 关');
    const told = await world.notices('auto_renewal_changed');
    expect(told.map(({ recipient }) => recipient)).toEqual([`${CORP}/${other.conversationId}`]);
    expect(told[0]?.content.title).toBe('Auto-renewal is off');
  });

  it('given no offer to buy, then it cannot be turned on, and the answer says what to do (rule 13)', async () => {
    const world = await aWorld({ policy: { enabled: false, offerId: null } });
    expect(read(await world.say(ADMIN, '自动续费 开'))).toContain('还没有选定自动续费要购买的套餐');
    expect(await world.isAutoRenewalOn()).toBe(false);
  });

  it('given an offer that does not lift the quota above the threshold, then the answer has the figures (rule 13)', async () => {
    const world = await aWorld({ policy: { enabled: false, threshold: 60_000n } });
    const text = read(await world.say(ADMIN, 'auto-renew on'));
    expect(text).toContain('50,000 segments');
    expect(text).toContain('60,000 segments');
    expect(await world.isAutoRenewalOn()).toBe(false);
  });
});

describe('Bot: a member asks for a switch (rule 16)', () => {
  it('given a request, then a card asks the administrators, the member is told, and nothing is changed yet', async () => {
    const world = await aWorld();
    const answer = await world.say(MEMBER, '自动续费 关');
    const { code, card } = await requested(world);
    expect(read(answer)).toContain(`已提交申请 ${code}`);
    expect(read(answer)).toContain('等 张伟 批准');
    expect(read(card)).toContain('李娜 申请关闭自动续费');
    expect(card.content.mentions).toEqual([{ userId: 'zhangwei', name: '张伟' }]);
    expect(card.target).toMatchObject({ type: 'group', conversationId: world.group, directTo: ['zhangwei'] });
    expect(await world.isAutoRenewalOn()).toBe(true);
    expect(world.wakes).toEqual(['deliver']);
  });

  it('given the same request again, then there is one card, and the answer names it', async () => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code } = await requested(world);
    const again = await world.say({ staffId: 'wangqiang', name: '王强' }, '自动续费 关');
    expect(read(again)).toContain(code);
    expect(await world.notices('approval_requested')).toHaveLength(1);
  });

  it('given an external person, then they are refused kindly in their language, and nothing is changed', async () => {
    const world = await aWorld();
    const before = await world.state();
    expect(read(await world.say(EXTERNAL, '自动续费 关'))).toContain('只有本组织的成员可以做');
    expect(read(await world.say(EXTERNAL, 'auto-renew off'))).toContain('Only people of this organization'.slice(5));
    expect(read(await world.say(EXTERNAL, '批准 7F3K'))).toContain('只有本群的管理员');
    expect(await world.state()).toEqual(before);
  });
});

describe('Bot: deciding a request (rules 16 to 18)', () => {
  const ways = [
    [
      'by command',
      async (world: BotWorld, person: string, word: 'approve' | 'reject', code: string) =>
        world.say(
          { staffId: person, name: person === 'zhangwei' ? '张伟' : '李娜' },
          `${word === 'approve' ? '批准' : '拒绝'} ${code.toLowerCase()}`,
        ),
    ],
    [
      'by button',
      async (world: BotWorld, person: string, word: 'approve' | 'reject', code: string) => {
        const { card } = await requested(world);
        return world.click(person, card.outTrackId, `${word}-${code}`);
      },
    ],
  ] as const;

  it.each(ways)('given an approval %s, then it is carried out, and the card says who and when', async (_, decide) => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code, card } = await requested(world);
    world.clock.set(world.clock.now().add({ minutes: 5 }));
    const answer = await decide(world, 'zhangwei', 'approve', code);
    expect(read(answer)).toContain(`已批准 ${code}：关闭自动续费`);
    expect(read(answer)).toContain('李娜 的申请');
    expect(read(answer)).toContain('自动续费已关闭');
    expect(await world.isAutoRenewalOn()).toBe(false);
    const [changed] = await world.notices('approval_decided');
    expect(changed).toMatchObject({
      outTrackId: card.outTrackId,
      target: { type: 'card' },
      content: { buttons: [] },
    });
    expect(changed && read(changed)).toContain('张伟 已于 2026年3月10日 12:05 批准');
    expect(await world.notices('auto_renewal_changed')).toEqual([]);
    expect(world.wakes.at(-1)).toBe(`review ${world.accountId}`);
  });

  it.each(ways)('given a rejection %s, then nothing is changed but the card', async (_, decide) => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code } = await requested(world);
    const answer = await decide(world, 'zhangwei', 'reject', code);
    expect(read(answer)).toContain('自动续费保持不变');
    expect(await world.isAutoRenewalOn()).toBe(true);
    const [changed] = await world.notices('approval_decided');
    expect(changed && read(changed)).toContain('拒绝');
  });

  it.each(ways)(
    'given a member decides %s, then they are told whom to ask, and nothing is changed',
    async (_, decide) => {
      const world = await aWorld();
      await world.say(MEMBER, '自动续费 关');
      const { code } = await requested(world);
      const before = await world.state();
      const answer = await decide(world, 'lina', 'approve', code);
      expect(read(answer)).toContain('请找 张伟');
      expect(await world.state()).toEqual(before);
    },
  );

  it.each(ways)(
    'given a late decision %s, then it is told who decided and when, to anyone (rule 17)',
    async (_, decide) => {
      const world = await aWorld();
      await world.say(MEMBER, '自动续费 关');
      const { code } = await requested(world);
      await world.say(ADMIN, `拒绝 ${code}`);
      const before = await world.state();
      for (const person of ['zhangwei', 'lina']) {
        const answer = read(await decide(world, person, 'approve', code));
        expect(answer).toContain(`申请 ${code} 已经结束`);
        expect(answer).toContain('张伟 已于 2026年3月10日 12:00 拒绝');
      }
      expect(await world.state()).toEqual(before);
    },
  );

  it('given both buttons pressed at once at two processes, then one decides and the other is late', async () => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code, card } = await requested(world);
    const clicks = [
      world.aClick('zhangwei', card.outTrackId, `approve-${code}`),
      world.aClick('zhangwei', card.outTrackId, `reject-${code}`),
    ];
    const other = world.anotherBot();
    await Promise.all(clicks.map((click, i) => (i === 0 ? world.bot : other).handleClick(click)));
    const answers = (await world.allNotices()).filter(({ key }) =>
      clicks.some(({ messageId }) => key === `reply/${CORP}/click/${messageId}`),
    );
    // The other one is answered by the card.
    expect(answers.map(read)).toEqual([expect.stringContaining('已经结束')]);
    expect(await world.notices('approval_decided')).toHaveLength(1);
  });

  it('given a request whose time is over, then nobody can approve it any more, and the answer says so', async () => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code } = await requested(world);
    world.clock.set(world.clock.now().add({ hours: 24 }));
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('没有人在有效期内决定');
    expect(await world.isAutoRenewalOn()).toBe(true);
    await inTransaction(db, (tx) => expireApproval(world.context, tx, world.accountId, code));
    expect(await world.notices('approval_decided')).toHaveLength(1);
  });

  it('given an administrator who was removed meanwhile, then their click decides nothing', async () => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code, card } = await requested(world);
    await inTransaction(db, (tx) =>
      insertAdministrator(tx, groupOf(world), { staffId: 'boss', name: '老板' }, world.clock.now()),
    );
    await db.kysely
      .deleteFrom('group_administrators')
      .where('conversation_id', '=', world.group)
      .where('staff_id', '=', 'zhangwei')
      .execute();
    expect(read(await world.click('zhangwei', card.outTrackId, `approve-${code}`))).toContain('请找 老板');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given it was switched meanwhile, then the approval finds nothing left to do', async () => {
    const world = await aWorld();
    await world.say(MEMBER, '自动续费 关');
    const { code } = await requested(world);
    await world.say(ADMIN, '自动续费 关');
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('已经不需要');
  });

  it('given no code, then what waits is offered with buttons, instead of a refusal', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '批准'))).toContain('没有等待审批的申请');
    await world.say(MEMBER, '自动续费 关');
    const { code } = await requested(world);
    const asked = await world.say(ADMIN, '批准');
    expect(read(asked)).toContain('要批准哪一个申请？');
    expect(asked.content.buttons).toEqual([
      { id: `approve-${code}`, label: `批准 ${code}`, style: 'primary', command: `批准 ${code}` },
    ]);
    await world.click('zhangwei', asked.outTrackId, `approve-${code}`);
    expect(await world.isAutoRenewalOn()).toBe(false);
  });

  it.each(['批准 ZZZZ', '批准 张三', '批准 7F3K9 请', 'approve 0000'])(
    'given %s, which names no request, then nothing is decided and what waits is shown',
    async (text) => {
      const world = await aWorld();
      await world.say(MEMBER, '自动续费 关');
      const { code } = await requested(world);
      const answer = await world.say(ADMIN, text);
      expect(answer.content.buttons.map(({ id }) => id)).toEqual([`approve-${code}`]);
      expect(await world.isAutoRenewalOn()).toBe(true);
    },
  );

  it('given 审批, then everyone sees what waits, and its buttons decide', async () => {
    const world = await aWorld();
    expect(read(await world.say(MEMBER, '审批'))).toContain('没有等待审批的申请');
    await world.say(MEMBER, '自动续费 关');
    const { code } = await requested(world);
    const list = await world.say(MEMBER, 'approvals');
    expect(list.content.title).toBe('To approve: 1 request');
    expect(read(list)).toContain(`${code}: 李娜, turn auto-renewal off`);
    expect(list.content.buttons.map(({ command }) => command)).toEqual([`approve ${code}`, `reject ${code}`]);
  });
});

describe('Bot: a renewal that is due and cannot be bought (rules 13 and 14)', () => {
  const review = (world: BotWorld) => inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));

  it.each([
    ['no money', { balance: '0' }, '因余额不足没有成功'],
    ['an administrator to ask', { policy: { approvalAbove: 1n } }, '正在等管理员审批'],
    ['a limit', { policy: { moneyPerMonth: 1n } }, '暂时停下'],
  ] as const)('given %s, then the state of auto-renewal says so', async (_, options, words) => {
    const world = await aWorld({ plan: false, ...options });
    await review(world);
    expect(read(await world.say(ADMIN, '自动续费'))).toContain(words);
  });

  it('given a rejection, then the state says that it is over until the next trigger', async () => {
    const world = await aWorld({ plan: false, policy: { approvalAbove: 1n } });
    await review(world);
    const { code } = await requested(world);
    await world.say(ADMIN, `拒绝 ${code}`);
    expect(read(await world.say(ADMIN, 'auto-renew'))).toContain('was rejected');
  });
});

describe('Bot: approving a renewal (rule 17)', () => {
  async function aRenewalToApprove(options: Parameters<BotWorld['setUp']>[0] = {}): Promise<BotWorld> {
    const world = await aWorld({ plan: false, ...options, policy: { approvalAbove: 1n, ...options.policy } });
    await inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
    return world;
  }

  it('given an approval, then the plan is bought once, with a receipt, and the account is reviewed', async () => {
    const world = await aRenewalToApprove();
    const { code, card } = await requested(world);
    const answer = await world.click('zhangwei', card.outTrackId, `approve-${code}`);
    expect(read(answer)).toContain('已购买，新套餐立即生效');
    expect(await readPlansWithQuota(db.kysely, world.accountId)).toHaveLength(1);
    expect(await world.notices('renewed')).toHaveLength(1);
    expect(world.wakes).toContain(`review ${world.accountId}`);
    await world.click('zhangwei', card.outTrackId, `approve-${code}`);
    expect(await readPlansWithQuota(db.kysely, world.accountId)).toHaveLength(1);
  });

  it('given a rejection, then nothing is bought, now or by the next review', async () => {
    const world = await aRenewalToApprove();
    const { code } = await requested(world);
    expect(read(await world.say(ADMIN, `拒绝 ${code}`))).toContain('这次不会购买');
    await inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
    expect(await readPlansWithQuota(db.kysely, world.accountId)).toEqual([]);
  });

  it('given the money is gone meanwhile, then the approval says that it could not be carried out, and nothing is bought', async () => {
    const world = await aRenewalToApprove();
    const { code } = await requested(world);
    await db.kysely
      .updateTable('accounts')
      .set({ credit_limit: 0n })
      .where('account_id', '=', world.accountId)
      .execute();
    await db.kysely
      .updateTable('renewal_policies')
      .set({ money_per_month: 1n })
      .where('account_id', '=', world.accountId)
      .execute();
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('没有执行成功');
    expect(await world.notices('renewal_stopped')).toHaveLength(1);
    expect(await readPlansWithQuota(db.kysely, world.accountId)).toEqual([]);
  });

  it('given auto-renewal was turned off meanwhile, then the approval finds nothing left to do', async () => {
    const world = await aRenewalToApprove();
    const { code } = await requested(world);
    await world.say(ADMIN, '自动续费 关');
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('已经不需要');
    expect(await readPlansWithQuota(db.kysely, world.accountId)).toEqual([]);
  });

  it('given another offer was chosen meanwhile, then the approval of the old quote buys nothing', async () => {
    const world = await aRenewalToApprove();
    const { code } = await requested(world);
    await inTransaction(db, (tx) => insertOffers(tx, [{ ...OFFER, id: '国内短信 5 万条包' }]));
    await db.kysely
      .updateTable('renewal_policies')
      .set({ offer_id: '国内短信 5 万条包' })
      .where('account_id', '=', world.accountId)
      .execute();
    expect(read(await world.say(ADMIN, `批准 ${code}`))).toContain('套餐或价格在申请之后变了');
    expect(await readPlansWithQuota(db.kysely, world.accountId)).toEqual([]);
    // It is asked for again, with the new quote.
    await inTransaction(db, (tx) => reviewAccount(world.context, tx, world.accountId));
    expect(await world.notices('approval_requested')).toHaveLength(2);
  });
});

function groupOf(world: BotWorld) {
  return { corpId: CORP, conversationId: world.group };
}
