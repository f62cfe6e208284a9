import { describe, expect, it } from 'vitest';
import { parse } from '../../src/bot/parse.ts';
import { settingValueOf } from '../../src/bot/setting-values.ts';
import { SETTING_WORDS, settingIn } from '../../src/bot/setting-words.ts';
import { SETTINGS } from '../../src/domain/settings.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { inTransaction } from '../../src/store/database.ts';
import { deleteAdministrator, deleteGroup, insertAdministrator, readGroup } from '../../src/store/groups.ts';
import { readPolicy } from '../../src/store/renewals.ts';
import { readSettings, writeSettings } from '../../src/store/settings.ts';
import { NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { ADMIN, BotWorld, CORP, EXTERNAL, MEMBER, OFFER, type QueuedNotice } from './bot-world.ts';
import { wordsOf } from './markdown-structure.ts';

const { db } = await createTestDatabase();
const NAMES: Readonly<Record<string, string>> = { lina: '李娜', liuyang: '刘洋' };
const aWorld = (options: Parameters<BotWorld['setUp']>[0] = {}) =>
  new BotWorld(db, { nameOf: async (staffId) => NAMES[staffId] }).setUp(options);
const read = ({ content }: QueuedNotice) => `${content.title}\n${wordsOf(content.markdown)}`;
const commands = ({ content }: QueuedNotice) => content.buttons.map(({ command }) => command);
const mention = (staffId: string | null) => ({ mentions: [{ dingtalkId: `dt-${staffId}`, staffId }] });
const policyOf = (world: BotWorld) => readPolicy(db.kysely, world.accountId);
const settingsOf = (world: BotWorld) => readSettings(db.kysely, world.accountId);

/** Presses the first button of a card. */
const press = (world: BotWorld, who: string, card: QueuedNotice, index = 0) =>
  world.click(who, card.outTrackId, card.content.buttons[index]?.id ?? '');

describe('Bot: settings', () => {
  it.each(['zh-CN', 'en'] as const)(
    'given %s, then one card shows all that is set, and how to change it',
    async (language) => {
      const world = await aWorld({ language, policy: { moneyPerMonth: 20_000_000_000n } });
      const answer = await world.say(MEMBER, language === 'en' ? 'settings' : '设置');
      for (const setting of SETTINGS) expect(read(answer)).toContain(SETTING_WORDS[setting][language][0]);
      expect(read(answer)).toContain(language === 'en' ? '10,000 segments, 5,000 segments' : '10,000 条，5,000 条');
      expect(read(answer)).toContain('¥20,000.00');
      expect(read(answer)).toContain(language === 'en' ? 'an administrator decides it' : '先请管理员审批');
      expect(answer.content.markdown.length, 'readable on a phone').toBeLessThan(1_200);
      expect(commands(answer)[0]).toBe(language === 'en' ? 'settings threshold' : '设置 阈值');
    },
  );

  it.each([
    ['设置 余额 1000', '1000'],
    ['设置 余额告警 ¥1,000.50', '1000.5'],
    ['设置 余额低于500元时提醒', '500'],
    ['设置 低余额 0.5万', '5000'],
    ['settings balance-alert 800', '800'],
    ['settings balance alert below ¥800', '800'],
  ])(
    'rule 20: given %s, then the alert about the balance has this amount, once it is confirmed',
    async (text, below) => {
      const world = await aWorld();
      const card = await world.say(ADMIN, text);
      expect((await settingsOf(world)).balanceAlert).toBeNull();
      await press(world, 'zhangwei', card);
      expect((await settingsOf(world)).balanceAlert).toEqual({ below: yuan(below), setAt: NOW });
      await press(world, 'zhangwei', await world.say(ADMIN, '设置 余额告警 关'));
      expect((await settingsOf(world)).balanceAlert).toBeNull();
    },
  );

  it.each([
    ['设置 阈值 5千', async (world: BotWorld) => expect((await policyOf(world)).threshold).toBe(5_000n)],
    ['设置 阈值改为0.5万', async (world: BotWorld) => expect((await policyOf(world)).threshold).toBe(5_000n)],
    ['settings threshold 5,000', async (world: BotWorld) => expect((await policyOf(world)).threshold).toBe(5_000n)],
    ['设置 每天次数 10', async (world: BotWorld) => expect((await policyOf(world)).purchasesPerDay).toBe(10)],
    ['set monthly purchases 25', async (world: BotWorld) => expect((await policyOf(world)).purchasesPerMonth).toBe(25)],
    ['设置 告急线 30%', async (world: BotWorld) => expect((await settingsOf(world)).alertShare).toBe(30)],
    ['设置 告急线 关', async (world: BotWorld) => expect((await settingsOf(world)).alertShare).toBeNull()],
    ['设置 通知方式 私聊', async (world: BotWorld) => expect((await settingsOf(world)).alertsTo).toBe('direct')],
    ['settings alerts to both', async (world: BotWorld) => expect((await settingsOf(world)).alertsTo).toBe('both')],
    [
      '设置 免打扰 22点到8点',
      async (world: BotWorld) =>
        expect((await settingsOf(world)).quietHours).toEqual({ from: '22:00', until: '08:00' }),
    ],
    ['设置 升级时间 1小时', async (world: BotWorld) => expect((await settingsOf(world)).escalateAfterMinutes).toBe(60)],
    ['设置 日报 8点半', async (world: BotWorld) => expect((await settingsOf(world)).digestAt).toBe('08:30')],
    ['设置 日报 开', async (world: BotWorld) => expect((await settingsOf(world)).digestAt).toBe('09:00')],
    ['设置 月报 18:00', async (world: BotWorld) => expect((await settingsOf(world)).monthlyDigestAt).toBe('18:00')],
    [
      'settings monthly summary off',
      async (world: BotWorld) => expect((await settingsOf(world)).monthlyDigestAt).toBeNull(),
    ],
  ])(
    'given %s by an administrator, then a card with both values asks, and confirming it changes it',
    async (text, check) => {
      const world = await aWorld();
      const before = [await policyOf(world), await settingsOf(world)];
      const card = await world.say(ADMIN, text);
      expect(card.content.markdown).toContain('→');
      expect(commands(card)[0]).toMatch(/^(批准|approve) [2-9A-Z]{4}$/);
      expect([await policyOf(world), await settingsOf(world)], 'not before').toEqual(before);
      await press(world, 'zhangwei', card);
      await check(world);
    },
  );

  it('given a stricter limit, then it holds at once and says from what to what', async () => {
    const world = await aWorld();
    const answer = await world.say(ADMIN, '设置 每天次数 1');
    expect(read(answer)).toContain('「每天次数」：3 次 → 1 次，立即生效');
    expect((await policyOf(world)).purchasesPerDay).toBe(1);
    expect(world.wakes).toContain(`review ${world.accountId}`);
  });

  it('given a member, then it is a request whose card shows both values, and an administrator decides it', async () => {
    const world = await aWorld();
    expect(read(await world.say(MEMBER, '设置 阈值 20000'))).toContain('等 张伟 批准');
    const [card] = await world.notices('approval_requested');
    expect(card && read(card)).toContain('10,000 条 → 20,000 条');
    if (card) await press(world, 'zhangwei', card);
    expect((await policyOf(world)).threshold).toBe(20_000n);
  });

  it('given somebody of another organization, then they may look and change nothing', async () => {
    const world = await aWorld();
    expect(read(await world.say(EXTERNAL, '设置'))).toContain('阈值');
    expect(read(await world.say(EXTERNAL, '设置 每天次数 1'))).toContain('只有本组织的成员可以做');
    expect((await policyOf(world)).purchasesPerDay).toBe(3);
  });

  it('given a setting without a value, then each asks with choices that are understood, in both languages', async () => {
    for (const language of ['zh-CN', 'en'] as const) {
      const world = await aWorld({ language, policy: { offerId: null, enabled: false } });
      const nameable = { currency: 'CNY', offers: [OFFER], mentioned: null };
      for (const setting of SETTINGS) {
        const name = SETTING_WORDS[setting][language][0];
        const question = await world.say(ADMIN, `${language === 'en' ? 'settings' : '设置'} ${name}`);
        expect(question.content.title).toContain(name);
        expect(commands(question).length, name).toBeGreaterThan(0);
        for (const command of commands(question)) {
          const parsed = parse(command);
          const named = parsed.type === 'command' ? settingIn(parsed.argument) : undefined;
          expect(named?.setting, command).toBe(setting);
          expect(settingValueOf(setting, named?.value ?? '', nameable), command).toBeDefined();
        }
      }
    }
  });

  it('given a value that is not understood, then it is said and asked for, and nothing changes', async () => {
    const world = await aWorld();
    for (const text of [
      '设置 阈值 很多',
      '设置 阈值 -5',
      '设置 阈值 5²',
      '设置 免打扰 25:00-8:00',
      '设置 套餐 月球',
      '设置 日报 昨天',
    ]) {
      const answer = await world.say(ADMIN, text);
      expect(read(answer), text).toContain('没看懂');
      expect(answer.content.buttons.length, text).toBeGreaterThan(0);
    }
    expect(await world.notices('approval_requested')).toEqual([]);
    expect((await policyOf(world)).threshold).toBe(10_000n);
  });

  it('given something that is no setting, then the overview says so', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '设置 天气 晴'))).toContain('没看懂「天气晴」');
  });

  it.each([
    ['设置 阈植 5000', ['设置 阈值 5000']],
    ['设置 余量阀值5千', ['设置 阈值 5千']],
    ['设置 每月金鹅 2万', ['设置 每月金额 2万']],
    ['设置 免打绕', ['设置 免打扰']],
    ['设置 把阈值改成5000吧', ['设置 阈值']],
    ['设置 通知方试 私聊', ['设置 通知方式 私聊']],
    ['设置 双人确人 开', ['设置 双人确认 开']],
    ['settings treshold 5000', ['settings threshold 5000']],
    ['settings quite hours 22:00-08:00', ['settings quiet hours 22:00-08:00']],
    ['settings threshhold lots', ['settings threshold']],
    ['settings secnd person on', ['settings second person on']],
  ])('given %s, then the nearest setting is suggested with the value, and nothing changes', async (text, expected) => {
    const world = await aWorld();
    const before = [await policyOf(world), await settingsOf(world)];
    const answer = await world.say(ADMIN, text);
    expect(commands(answer).slice(0, -1)).toEqual(expected);
    expect(read(answer)).toContain(expected[0]);
    expect([await policyOf(world), await settingsOf(world)]).toEqual(before);
    expect(await world.notices('approval_decided')).toEqual([]);
    expect(read(await press(world, 'zhangwei', answer))).not.toMatch(/设置里没有|no setting/);
  });

  it.each([
    ['设置 通知方式 私了', '设置 通知方式 私聊'],
    ['设置 语言 英纹', '设置 语言 English'],
    ['设置 日报 不要发', '设置 日报 关'],
    ['设置 套餐 国内短信5万条保', `设置 套餐 ${OFFER.id}`],
    ['settings alerts to drect', 'settings alerts to direct'],
    ['settings monthly amount unlimted', 'settings monthly amount no limit'],
  ])('given %s, then the nearest value is suggested first', async (text, expected) => {
    const world = await aWorld({ policy: { offerId: null, enabled: false } });
    const answer = await world.say(ADMIN, text);
    expect(commands(answer)[0]).toBe(expected);
    expect(read(answer)).toContain(expected);
    expect(answer.content.buttons.map(({ style }) => style)).toEqual([
      'primary',
      ...commands(answer)
        .slice(1)
        .map(() => 'plain'),
    ]);
  });

  it.each([
    ['设置 日条数 20000', '日条数'],
    ['settings daily segments 20000', 'daily segments'],
    ['设置 自动续费', '自动续费已开启'],
    ['设置 自动续费 关', '自动续费已关闭'],
  ])('given %s, which has a command of its own, then that is run', async (text, part) => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, text)).toLowerCase()).toContain(part);
  });

  it('given a value of Chinese words, then no space is before it', async () => {
    const world = await aWorld();
    await inTransaction(db, async (tx) => {
      const settings = await readSettings(tx, world.accountId);
      await writeSettings(tx, world.accountId, { ...settings, digestAt: '09:00' }, world.clock.now());
    });
    expect((await world.say(ADMIN, '设置 日报 关')).content.title).toContain('把「日报」改为不发');
    expect((await world.say(ADMIN, '设置 阈值 5000')).content.title).toContain('把「阈值」改为 5,000 条');
  });

  it('given what a rule refuses, then the answer has the figures, and nothing changes', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '设置 阈值 6万'))).toContain('超不过阈值 60,000 条');
    expect(read(await world.say(ADMIN, '设置 阈值 3亿'))).toContain('200,000,000');
    expect(read(await world.say(ADMIN, '设置 阈值 1万'))).toContain('本来就是 10,000 条');
    expect((await policyOf(world)).threshold).toBe(10_000n);
  });

  it('given an offer by its title or its size, then it is found, and the card names it', async () => {
    const world = await aWorld({ policy: { offerId: null, enabled: false, threshold: 100n } });
    for (const text of [`设置 套餐 ${OFFER.title}`, '设置 套餐 5万', `settings offer ${OFFER.id}`]) {
      expect(read(await world.say(ADMIN, text)), text).toContain(OFFER.title);
    }
  });

  it("given a second contact by mention, then it is that person by the platform's word; one of another organization cannot be", async () => {
    const world = await aWorld();
    const card = await world.say(ADMIN, '设置 第二联系人 @刘洋', mention('liuyang'));
    expect(read(card)).toContain('刘洋');
    await press(world, 'zhangwei', card);
    expect((await settingsOf(world)).secondContact).toEqual({ staffId: 'liuyang', name: '刘洋' });
    expect(read(await world.say(ADMIN, '设置 第二联系人 @赵敏', mention(null)))).toContain('请 @ 一位本组织的同事');
  });
});

describe('Bot: the second person (rule 16)', () => {
  it('given one administrator, then it cannot be demanded; given two, then it can, and is taken back by both only', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '设置 双人确认 开'))).toContain('至少需要两位管理员');
    await inTransaction(db, (tx) =>
      insertAdministrator(tx, { corpId: CORP, conversationId: world.group }, MEMBER, world.clock.now()),
    );
    const question = await world.say(ADMIN, '设置 双人确认');
    expect(commands(question)).toEqual(['设置 双人确认 开']);
    await press(world, 'zhangwei', await press(world, 'zhangwei', question));
    expect(read(await world.say(ADMIN, '设置'))).toContain('双人确认：已开启');
    expect(read(await world.say(ADMIN, 'settings second person off'))).toMatch(/Request [2-9A-Z]{4} sent/);
    const card = (await world.notices('approval_requested')).at(-1);
    if (card) await press(world, 'lina', card);
    expect(read(await world.say(ADMIN, '设置'))).toContain('双人确认：未开启');
  });
});

describe('Bot: the language of a group', () => {
  it('given it is changed, then what is told without asking is in it, and a question is answered in its own', async () => {
    const world = await aWorld();
    expect(read(await world.say(ADMIN, '设置 语言 英文'))).toContain('English');
    expect((await readGroup(db.kysely, { corpId: CORP, conversationId: world.group }))?.language).toBe('en');
    await world.say(MEMBER, '自动续费 关');
    const [request] = await world.notices('approval_requested');
    expect(request?.content.title).toMatch(/^[^\p{Script=Han}]+李娜[^\p{Script=Han}]+$/u);
    expect((await world.say(MEMBER, '余额')).content.title).toContain('余额');
  });

  it('given several groups, then each has its own', async () => {
    const world = await aWorld();
    const second = { corpId: CORP, conversationId: `${world.group}-second` };
    await inTransaction(db, (tx) =>
      authorizeGroup(world.context, tx, {
        conversation: second,
        title: '二群',
        language: 'zh-CN',
        actor: ADMIN,
        accountId: world.accountId,
      }),
    );
    await world.say(ADMIN, '设置 语言 English', { conversationId: second.conversationId });
    expect((await readGroup(db.kysely, second))?.language).toBe('en');
    expect((await readGroup(db.kysely, { corpId: CORP, conversationId: world.group }))?.language).toBe('zh-CN');
  });
});

describe('Bot: cards that were sent to an administrator directly (rule 21)', () => {
  /** A request, as Zhang Wei has it in his direct conversation. */
  async function directCard(world: BotWorld): Promise<QueuedNotice> {
    await inTransaction(db, async (tx) => {
      const settings = await readSettings(tx, world.accountId);
      await writeSettings(tx, world.accountId, { ...settings, alertsTo: 'direct' }, world.clock.now());
    });
    await world.say(MEMBER, '自动续费 关');
    const card = (await world.notices('approval_requested')).find(({ target }) => target.type === 'direct');
    if (!card) throw new Error('no direct card');
    return card;
  }
  const pressDirectly = (world: BotWorld, who: string, card: QueuedNotice) =>
    world.click(who, card.outTrackId, card.content.buttons[0]?.id ?? '', { conversationId: null });

  it('given the administrator presses it, then it is decided for the group, their card says so, and who comes late is told alone', async () => {
    const world = await aWorld();
    const card = await directCard(world);
    expect(card.target).toEqual({ type: 'direct', userId: 'zhangwei' });
    const answer = await pressDirectly(world, 'zhangwei', card);
    expect(await world.isAutoRenewalOn()).toBe(false);
    expect(answer).toMatchObject({ outTrackId: card.outTrackId, target: { type: 'card', userId: 'zhangwei' } });
    expect(read(answer)).toContain('自动续费已关闭');
    const late = await pressDirectly(world, 'zhangwei', card);
    expect(late.target).toEqual({ type: 'direct', userId: 'zhangwei' });
    expect(read(late)).toContain('已经结束');
  });

  it.each([
    [
      'is no administrator any more',
      (world: BotWorld) =>
        inTransaction(db, async (tx) => {
          const ref = { corpId: CORP, conversationId: world.group };
          await insertAdministrator(tx, ref, { staffId: 'x', name: 'x' }, world.clock.now());
          await deleteAdministrator(tx, ref, 'zhangwei');
        }),
    ],
    [
      'administers a group that was unbound',
      (world: BotWorld) => inTransaction(db, (tx) => deleteGroup(tx, { corpId: CORP, conversationId: world.group })),
    ],
    [
      'administers a group that now belongs to another account',
      async (world: BotWorld) => {
        const other = await new BotWorld(db).setUp();
        const conversation = { corpId: CORP, conversationId: world.group };
        await inTransaction(db, async (tx) => {
          await deleteGroup(tx, conversation);
          const bound = {
            conversation,
            title: 'x',
            language: 'zh-CN',
            actor: ADMIN,
            accountId: other.accountId,
          } as const;
          await authorizeGroup(world.context, tx, bound);
        });
      },
    ],
  ])('given who presses it %s, then nothing happens and nothing is shown', async (_, meanwhile) => {
    const world = await aWorld();
    const card = await directCard(world);
    await meanwhile(world);
    const answer = await pressDirectly(world, 'zhangwei', card);
    expect(read(answer)).toContain('这张卡片不能再操作');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });

  it('given another one presses it, then it is refused, as any card of another conversation', async () => {
    const world = await aWorld();
    const card = await directCard(world);
    expect(read(await pressDirectly(world, 'lina', card))).toContain('属于另一个会话');
    expect(await world.isAutoRenewalOn()).toBe(true);
  });
});
