import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../src/bot/parse.ts';
import { meterUsage } from '../../src/services/metering.ts';
import { inTransaction } from '../../src/store/database.ts';
import { NO_ACCOUNT } from '../../src/store/notices.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { aReport, NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER } from './bot-world.ts';
import { hostileText } from './hostile-text.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) => new BotWorld(db).setUp(options);

describe('Bot: one effect and one answer per message (promises 1 and 2)', () => {
  it('given the same message twice, then it has one effect and one answer', async () => {
    const world = await aWorld();
    const message = world.message(MEMBER, '自动续费 关');
    await world.bot.handleMessage(message);
    await world.bot.handleMessage({ ...message, frameId: 'another push' });
    expect(await world.notices('approval_requested')).toHaveLength(1);
    expect(await world.notices('reply')).toHaveLength(1);
  });

  it('given the same message at two processes at once, then it has one effect and one answer', async () => {
    const world = await aWorld();
    const other = world.anotherBot();
    for (let round = 0; round < 5; round += 1) {
      const message = world.message(ADMIN, round % 2 === 0 ? '自动续费 关' : '自动续费 开');
      await Promise.all([world.bot.handleMessage(message), other.handleMessage(message), other.handleMessage(message)]);
      expect(await world.isAutoRenewalOn()).toBe(round % 2 !== 0);
      expect(await world.notices('reply')).toHaveLength(round + 1);
    }
  });

  it('given the same id in two organizations, then these are two messages', async () => {
    const world = await aWorld();
    const message = world.message(ADMIN, '帮助');
    await world.bot.handleMessage(message);
    await world.bot.handleMessage({ ...message, corpId: 'another' });
    const answers = (await world.allNotices()).filter(({ key }) => key.endsWith(`/${message.messageId}`));
    expect(answers.map(({ key }) => key)).toEqual([
      `reply/${CORP}/${message.messageId}`,
      `reply/another/${message.messageId}`,
    ]);
  });

  it('given an answer, then it is stored whole, for the conversation it came from, and delivery is woken (rule 22)', async () => {
    const world = await aWorld();
    const answer = await world.say(MEMBER, '余额');
    expect(answer).toMatchObject({
      accountId: world.accountId,
      reason: 'reply',
      recipient: `${CORP}/${world.group}`,
      target: {
        type: 'reply',
        conversationKind: 'group',
        conversationId: world.group,
        userId: 'lina',
        webhook: 'https://oapi.dingtalk.com/robot/sendBySession?session=secret',
      },
      content: { mentions: [{ userId: 'lina', name: '李娜' }] },
    });
    expect(world.wakes).toEqual(['deliver']);
    const card = await db.kysely
      .selectFrom('cards')
      .selectAll()
      .where('out_track_id', '=', answer.outTrackId ?? '')
      .executeTakeFirstOrThrow();
    expect(card).toMatchObject({ account_id: world.accountId, conversation_id: world.group, corp_id: CORP });
    expect(card.buttons).toEqual(answer.content.buttons);
  });
});

describe('Bot: questions', () => {
  it('given 余额, then balance, credit, available, this month and standing are told, with their time', async () => {
    const world = await aWorld();
    const { content } = await world.say(MEMBER, '余额');
    const text = wordsOf(content.markdown);
    expect(content.title).toBe('余额：可用 ¥6,000.00');
    for (const part of ['账户余额：¥5,000.00', '信用额度：¥1,000.00', '本月按量付费：¥0.00', '可以发送', '示例科技']) {
      expect(text).toContain(part);
    }
    expect(text).toContain('数据截至 2026年3月10日 12:00（GMT+8）');
    expect(content.buttons.map(({ command }) => command)).toEqual(['余量', '自动续费']);
  });

  it('given usage beyond the plans, then balance and quota tell what it cost, the burn and how long it lasts', async () => {
    const world = await aWorld({ plan: false, balance: '5000' });
    await ensurePartitions(db.kysely, NOW.subtract({ hours: 24 }), NOW);
    const reports = [aReport({ segments: 1_000, at: NOW }), aReport({ segments: 1_000, at: NOW })];
    await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, reports));

    const balance = wordsOf((await world.say(MEMBER, 'balance')).content.markdown);
    expect(balance).toContain('Balance: ¥4,910.00');
    expect(balance).toContain('Pay-as-you-go this month: ¥90.00');
    expect(balance).toContain('Lasts about 65.6 days');
    const quota = wordsOf((await world.say(MEMBER, '余量')).content.markdown);
    expect(quota).toContain('没有可用的套餐');
    expect(quota).toContain('平均每天：2,000 条');
  });

  it('given an overdue account, then the balance says so, and what to pay at least (rule 9)', async () => {
    const world = await aWorld({ plan: false, balance: '0' });
    await ensurePartitions(db.kysely, NOW, NOW);
    const reports = [aReport({ segments: 22_223, at: NOW })];
    await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, reports));
    const { content } = await world.say(MEMBER, '余额');
    expect(content.title).toBe('已欠费：可用 -¥0.035');
    expect(wordsOf(content.markdown)).toContain('短信已停发。请联系运维人员充值，至少 ¥0.04，到账后立即解除欠费停发。');
  });

  it('given 余量, then each plan is told with its bar, its end, and auto-renewal', async () => {
    const world = await aWorld();
    await ensurePartitions(db.kysely, NOW, NOW);
    const reports = [aReport({ segments: 12_600, at: NOW })];
    await inTransaction(db, (tx) => meterUsage(world.context, tx, world.accountId, reports));
    const { content } = await world.say(MEMBER, '余量');
    const text = wordsOf(content.markdown);
    expect(content.title).toBe('余量：37,400 条');
    for (const part of [
      '共 1 个可用套餐',
      '国内短信 5 万条包',
      '▓▓▓▓▓▓▓▓░░ 75% 37,400 / 50,000 条',
      '2027年3月10日 12:00 到期，还有 365 天',
      '平均每天：12,600 条',
      '约 2.9 天',
      '自动续费：已开启，余量降到 10,000 条时购买「国内短信 5 万条包」（¥1,805.00）',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('given 自动续费, then its settings are told, with a button to switch it', async () => {
    const world = await aWorld();
    const { content } = await world.say(ADMIN, '自动续费');
    const text = wordsOf(content.markdown);
    for (const part of ['已开启', '10,000 条', '5 万条包', '¥1,805.00', '每天 3 次', '每月 20 次']) {
      expect(text).toContain(part);
    }
    expect(content.buttons[0]).toMatchObject({ command: '自动续费 关' });
    const odd = await world.say(ADMIN, '自动续费 明天');
    expect(wordsOf(odd.content.markdown)).toContain('没看懂「明天」');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given an external person in the authorized group, then they are answered too, for everyone there may look', async () => {
    const world = await aWorld();
    const answer = await world.say(EXTERNAL, '余额');
    expect(answer.content.title).toContain('¥6,000.00');
    expect(answer.content.mentions).toEqual([]);
  });
});

describe('Bot: languages', () => {
  it.each([
    ['help', 'SMS Steward: what you can do here'],
    ['帮助', '短信管家：你在这里可以做什么'],
  ])(
    'given %s, then it is answered in the language of the word, whatever the language of the group',
    async (text, title) => {
      for (const language of ['zh-CN', 'en'] as const) {
        const world = await aWorld({ language });
        expect((await world.say(MEMBER, text)).content.title).toBe(title);
      }
    },
  );

  it('given what has no language of its own, then the language of the group decides, and Chinese where there is none', async () => {
    const english = await aWorld({ language: 'en' });
    const unbound = new BotWorld(db);
    expect((await english.say(MEMBER, '。。')).content.title).toBe('Send “help” to see what I can do');
    expect((await english.say(MEMBER, '今天天气')).content.title).toBe('I did not understand that');
    expect((await unbound.say(MEMBER, '。。')).content.title).toBe('发送「帮助」看看我能做什么');
  });
});

describe('Bot: what is not understood', () => {
  it('given a near miss, then the nearest commands are suggested with buttons that run them', async () => {
    const world = await aWorld();
    const answer = await world.say(MEMBER, '余颔');
    expect(wordsOf(answer.content.markdown)).toBe('没看懂「余颔」。你是想说「余额」或「余量」吗？');
    expect(answer.content.buttons.map(({ command }) => command)).toEqual(['余额', '余量', '帮助']);
    const pressed = await world.click('lina', answer.outTrackId, answer.content.buttons[0]?.id ?? '');
    expect(pressed.content.title).toBe('余额：可用 ¥6,000.00');
  });

  it('given pictures and other things than text, then help is offered', async () => {
    const world = await aWorld();
    const kinds = ['picture', 'richText', 'audio', 'video', 'file', 'unknown'] as const;
    for (const kind of kinds) {
      const { content } = await world.say(MEMBER, '', { kind });
      expect(content.buttons.map(({ command }) => command)).toEqual(['帮助']);
    }
  });

  it('given a very long text, then only its beginning is echoed', async () => {
    const world = await aWorld();
    const { content } = await world.say(MEMBER, `今天${'很'.repeat(100_000)}`);
    expect(content.markdown.length).toBeLessThan(200);
    expect(content.markdown).toContain('很…');
  });

  it('given a thousand texts that are no command, then each is answered once and nothing is changed', async () => {
    const world = await aWorld();
    const before = await world.state();
    let said = 0;
    await fc.assert(
      fc.asyncProperty(hostileText(), async (text) => {
        const parsed = parse(text);
        fc.pre(parsed.type !== 'command');
        said += 1;
        await world.bot.handleMessage(world.message(ADMIN, text));
      }),
      { numRuns: 1_000 },
    );
    expect(await world.state()).toEqual(before);
    expect(await world.notices('reply')).toHaveLength(said);
    expect(world.log).toEqual([]);
  });
});

describe('Bot: where nothing is authorized', () => {
  it.each(['余额', '余量', '自动续费 关', '批准 7F3K', '审批'])(
    'given %s in a group that is not authorized, then no data is told, but how to authorize',
    async (text) => {
      const world = await aWorld({ group: false });
      const answer = await world.say(ADMIN, text);
      expect(answer.accountId).toBe(NO_ACCOUNT);
      expect(answer.content.markdown).toContain('npm run cli -- group code');
      expect(answer.content.markdown).toContain('绑定');
      expect(JSON.stringify(answer.content)).not.toMatch(/¥|示例科技/);
      const card = await db.kysely
        .selectFrom('cards')
        .select('account_id')
        .where('out_track_id', '=', answer.outTrackId ?? '')
        .executeTakeFirstOrThrow();
      expect(card.account_id).toBeNull();
    },
  );

  it('given a direct conversation, even with an administrator, then they are asked to come to the group', async () => {
    const world = await aWorld();
    const answer = await world.say(ADMIN, '余额', world.direct(ADMIN));
    expect(answer.accountId).toBe(NO_ACCOUNT);
    expect(answer.content.markdown).toContain('已授权的群');
    expect(answer.target).toMatchObject({ type: 'reply', conversationKind: 'direct', userId: 'zhangwei' });
    expect(answer.content.mentions).toEqual([]);
    expect(answer.content.hint).toBe('直接发送：「帮助」');
  });

  it('given a direct conversation with someone whom no card can reach, then the hint stands in for the buttons', async () => {
    const world = await aWorld();
    const answer = await world.say(EXTERNAL, '余额', world.direct(EXTERNAL));
    expect(answer).toMatchObject({ outTrackId: null, content: { buttons: [], hint: '直接发送：「帮助」' } });
  });

  it('given the group of another organization with the same conversation id, then it is not authorized', async () => {
    const world = await aWorld();
    const message = world.message(ADMIN, '余额', { corpId: 'another' });
    await world.bot.handleMessage(message);
    const [answer] = (await world.allNotices()).filter(({ key }) => key === `reply/another/${message.messageId}`);
    expect(answer?.accountId).toBe(NO_ACCOUNT);
  });
});
