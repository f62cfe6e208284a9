import { describe, expect, it } from 'vitest';
import { expireApproval } from '../../src/services/approvals.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertAdministrator } from '../../src/store/groups.ts';
import { readSettings, writeSettings } from '../../src/store/settings.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, MEMBER, type Person, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) => new BotWorld(db).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const called = ({ content }: QueuedNotice) => content.mentions.map(({ userId }) => userId);

/** What a member asked for, its card and its code. */
async function requested(world: BotWorld, text: string, person: Person = MEMBER) {
  await world.say(person, text);
  const card = (await world.notices('approval_requested')).at(-1);
  const [, code] = / ([2-9A-Z]{4})[：:]/.exec(card?.content.title ?? '') ?? [];
  if (!card || !code) throw new Error('nothing was requested');
  return { card, code };
}

/** What was queued by some deed: why, and whom it calls. */
async function told(world: BotWorld, deed: () => Promise<unknown>): Promise<[string, string[]][]> {
  const before = await world.notices();
  await deed();
  return (await world.notices()).slice(before.length).map((notice) => [notice.reason, called(notice)]);
}

describe('Bot: a click whose card changes is answered by that card', () => {
  it('given a confirm card, when it is confirmed or cancelled, then the card is all that is said', async () => {
    const world = await aWorld();
    for (const button of [0, 1]) {
      const card = await world.say(ADMIN, `设置 阈值 ${5_000 + button}`);
      const press = () => world.click('zhangwei', card.outTrackId, card.content.buttons[button]?.id ?? '');
      expect(await told(world, press)).toEqual([['approval_decided', []]]);
    }
  });

  it('given a request, when it is approved, then the card answers who approved, and one message calls who asked', async () => {
    const world = await aWorld();
    const { card, code } = await requested(world, '自动续费 关');
    const approve = () => world.click('zhangwei', card.outTrackId, `approve-${code}`);
    expect(await told(world, approve)).toEqual([
      ['approval_decided', []],
      ['request_decided', ['lina']],
    ]);
    const [message] = await world.notices('request_decided');
    expect(message).toMatchObject({ recipient: `${CORP}/${world.group}`, target: { directTo: ['lina'] } });
    expect(message && read(message)).toMatch(
      /你的申请 .{4} 已批准：关闭自动续费\n张伟 批准了 李娜 的申请 .{4}：关闭自动续费。自动续费已关闭/,
    );
  });

  it('given a purchase that was asked for, when it is approved, then its receipt calls who asked, and says both names', async () => {
    const world = await aWorld();
    const { card, code } = await requested(world, '购买 1');
    const approve = () => world.click('zhangwei', card.outTrackId, `approve-${code}`);
    expect(await told(world, approve)).toEqual([
      ['purchased', ['zhangwei', 'lina']],
      ['approval_decided', []],
    ]);
    const [receipt] = await world.notices('purchased');
    expect(receipt && read(receipt)).toContain('李娜 申请，张伟 批准');
  });

  it.each([
    ['is told to administrators directly', { alertsTo: 'direct' as const }],
    ['waits for quiet hours to be over', { quietHours: { from: '11:00', until: '13:00' } }],
  ])('given a receipt that %s, then who asked is called by a message of their own', async (_, change) => {
    const world = await aWorld();
    await inTransaction(db, async (tx) => {
      const settings = await readSettings(tx, world.accountId);
      await writeSettings(tx, world.accountId, { ...settings, ...change }, world.clock.now());
    });
    const { card, code } = await requested(world, '购买 1');
    const deed = () => world.click('zhangwei', card.outTrackId, `approve-${code}`);
    const reasons = (await told(world, deed)).filter(([, people]) => people.includes('lina'));
    expect(reasons.map(([reason]) => reason)).toContain('request_decided');
  });

  it('given the group is unbound by the card that somebody has directly, then that card says so', async () => {
    const world = await aWorld();
    const here = { corpId: CORP, conversationId: world.group };
    await inTransaction(db, async (tx) => {
      const account = await lockAccount(tx, world.accountId);
      await insertAdministrator(tx, here, { staffId: 'liuyang', name: '刘洋' }, world.clock.now());
      const settings = await readSettings(tx, account.id);
      await writeSettings(tx, account.id, { ...settings, alertsTo: 'both' }, world.clock.now());
    });
    await world.say(MEMBER, '解绑');
    const card = (await world.notices('approval_requested')).find(({ recipient }) => recipient.endsWith('/liuyang'));
    const approve = card?.content.buttons[0]?.id ?? '';
    const answer = await world.click('liuyang', card?.outTrackId ?? '', approve, { conversationId: null });
    expect(answer).toMatchObject({ target: { type: 'card', userId: 'liuyang' } });
    expect(read(answer)).toContain('已批准');
  });
});

describe('Bot: who asked is called when it is decided (rule 17)', () => {
  it('given it is decided by words in the same group, then the answer calls both, and nothing else is said', async () => {
    const world = await aWorld();
    for (const [text, decision] of [
      ['自动续费 关', '拒绝 CODE 先别关'],
      ['自动续费 关', '批准 CODE'],
    ] as const) {
      const { code } = await requested(world, text);
      const decide = () => world.say(ADMIN, decision.replace('CODE', code));
      expect(await told(world, decide)).toEqual([
        ['approval_decided', []],
        ['reply', ['zhangwei', 'lina']],
      ]);
    }
  });

  it('given it is decided by the button of a list, then one answer calls both, because the list does not change', async () => {
    const world = await aWorld();
    const { code } = await requested(world, '自动续费 关');
    const list = await world.say(ADMIN, '审批');
    const approve = () => world.click('zhangwei', list.outTrackId, `approve-${code}`);
    expect(await told(world, approve)).toEqual([
      ['approval_decided', []],
      ['reply', ['zhangwei', 'lina']],
    ]);
  });

  it('given a rejection by button, then a reason that is added by words calls who asked again', async () => {
    const world = await aWorld();
    const { card, code } = await requested(world, '自动续费 关');
    await world.click('zhangwei', card.outTrackId, `reject-${code}`);
    const [message] = await world.notices('request_decided');
    expect(message && read(message)).toMatch(/被拒绝[\s\S]*自动续费保持不变/);
    const explain = () => world.say(ADMIN, `拒绝 ${code} 先别关`);
    expect((await told(world, explain)).at(-1)).toEqual(['reply', ['zhangwei', 'lina']]);
  });

  it('given it is decided in another group of the account, then who asked is called where they asked', async () => {
    const world = await aWorld();
    const other = { corpId: CORP, conversationId: `${world.group}-boss` };
    await inTransaction(db, (tx) =>
      authorizeGroup(world.context, tx, {
        conversation: other,
        title: '老板群',
        language: 'en',
        actor: { staffId: 'boss', name: 'Boss' },
        accountId: world.accountId,
      }),
    );
    const { code } = await requested(world, '自动续费 关');
    await world.say({ staffId: 'boss', name: 'Boss' }, `reject ${code} not now`, other);
    const [message] = await world.notices('request_decided');
    expect(message?.recipient).toBe(`${CORP}/${world.group}`);
    expect(message && read(message)).toContain('原因：not now');
  });

  it('given nobody decides in time, then who asked is called, once; who did not confirm their own is not', async () => {
    const world = await aWorld();
    const { code } = await requested(world, '自动续费 关');
    const own = await world.say(ADMIN, '设置 阈值 5000');
    const [, ownCode = ''] = / ([2-9A-Z]{4})：/.exec(own.content.title) ?? [];
    world.clock.set(world.clock.now().add({ hours: 24 }));
    const expire = async () => {
      for (const each of [code, ownCode, code]) {
        await inTransaction(db, (tx) => expireApproval(world.context, tx, world.accountId, each));
      }
    };
    expect(await told(world, expire)).toEqual([
      ['approval_decided', []],
      ['request_decided', ['lina']],
      ['approval_decided', []],
    ]);
  });

  it('given a second person is demanded who is in another group alone, then the answer names them, and one may only take it back', async () => {
    const world = await aWorld();
    const other = { corpId: CORP, conversationId: `${world.group}-boss` };
    await inTransaction(db, (tx) =>
      authorizeGroup(world.context, tx, {
        conversation: other,
        title: '老板群',
        language: 'zh-CN',
        actor: { staffId: 'boss', name: '老板' },
        accountId: world.accountId,
      }),
    );
    await db.kysely
      .updateTable('accounts')
      .set({ two_person: true })
      .where('account_id', '=', world.accountId)
      .execute();
    expect(read(await world.say(ADMIN, '设置 阈值 5000'))).toContain('等 老板 批准');
    const labels = ({ content }: QueuedNotice) => content.buttons.map(({ label }) => label.split(' ')[0]);
    expect(labels(await world.say(ADMIN, '审批'))).toEqual(['取消']);
    expect(labels(await world.say({ staffId: 'boss', name: '老板' }, '审批', other))).toEqual(['批准', '拒绝']);
  });

  it('given who asked decides it themselves, then they are not called', async () => {
    const world = await aWorld();
    const { code } = await requested(world, '自动续费 关');
    await inTransaction(db, (tx) =>
      insertAdministrator(
        tx,
        { corpId: CORP, conversationId: world.group },
        { staffId: 'lina', name: '李娜' },
        world.clock.now(),
      ),
    );
    expect((await told(world, () => world.say(MEMBER, `取消 ${code}`))).at(-1)).toEqual(['reply', ['lina']]);
    expect(await world.notices('request_decided')).toEqual([]);
  });
});

describe('Bot: where a card cannot change', () => {
  it('given it was decided by words, then its change need not be said anew beside the answer; by button it is', async () => {
    const world = await aWorld();
    const typed = await requested(world, '自动续费 关');
    await world.say(ADMIN, `拒绝 ${typed.code}`);
    const pressed = await requested(world, '自动续费 关');
    await world.click('zhangwei', pressed.card.outTrackId, `reject-${pressed.code}`);
    const targets = (await world.notices('approval_decided')).map(({ target }) => target);
    expect(targets).toEqual([
      { type: 'card', conversationId: world.group, isSaidBeside: true },
      { type: 'card', conversationId: world.group },
    ]);
  });
});
