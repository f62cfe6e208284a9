import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Bot } from '../../src/bot/bot.ts';
import { compose } from '../../src/bot/compose.ts';
import type { NameOf } from '../../src/bot/inbound.ts';
import { ManualClock } from '../../src/clock.ts';
import type { CardClick, RobotMessage } from '../../src/dingtalk/messages.ts';
import type { PlanOffer } from '../../src/domain/plan.ts';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { createAccount, recharge } from '../../src/services/accounts.ts';
import { setAutoRenewal } from '../../src/services/auto-renewal.ts';
import type { Compose, ServiceContext } from '../../src/services/context.ts';
import { authorizeGroup, issueGroupCode } from '../../src/services/groups.ts';
import { grantPlan } from '../../src/services/plans.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import type { Language } from '../../src/store/groups.ts';
import type { NoticeContent, NoticeTarget } from '../../src/store/notices.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { readPolicy } from '../../src/store/renewals.ts';
import { insertTariff } from '../../src/store/tariffs.ts';
import { anOffer, aPolicy, NOW, yuan } from '../support/builders.ts';
import { holdAccount } from '../support/hold-account.ts';

export const CORP = 'dingcorp';
export const OFFER: PlanOffer = anOffer({
  id: 'sms-50000',
  title: '国内短信 5 万条包',
  segments: 50_000n,
  price: yuan('1900'),
  renewalDiscountBp: 500,
});

export const ADMIN = { staffId: 'zhangwei', name: '张伟' };
export const MEMBER = { staffId: 'lina', name: '李娜' };
/** Someone of another organization. */
export const EXTERNAL = { staffId: null, name: '赵敏' };

export interface Person {
  readonly staffId: string | null;
  readonly name: string;
}

export interface QueuedNotice {
  readonly accountId: string;
  readonly key: string;
  readonly reason: string;
  readonly recipient: string;
  readonly target: NoticeTarget;
  readonly content: NoticeContent;
  readonly outTrackId: string | null;
}

/** A busy machine is no reason to say that a command takes long, unless a test is about that. */
const NEVER_MS = 3_600_000;

let worlds = 0;
let messages = 0;

/** One account with its group, and bots that people talk to. Many worlds share a test file's database. */
export class BotWorld {
  readonly db: Database;
  readonly clock = new ManualClock(NOW);
  readonly context: ServiceContext;
  readonly bot: Bot;
  readonly group: string;
  readonly wakes: string[] = [];
  /** What was logged, a line each. */
  readonly log: string[] = [];
  /** Set to make every announcement fail, as a defect would. */
  composeDefect: Error | undefined;
  accountId = '';

  constructor(db: Database, options: { nameOf?: NameOf; patienceMs?: number } = {}) {
    worlds += 1;
    this.db = db;
    this.group = `cidOps${worlds}`;
    const composeOrFail: Compose = (announcement, audience) => {
      if (this.composeDefect) throw this.composeDefect;
      return compose(announcement, audience);
    };
    this.context = { clock: this.clock, compose: composeOrFail };
    this.bot = this.anotherBot(options.nameOf, db, options.patienceMs);
  }

  /** Another process of the same service, which may reach the database by another way. */
  anotherBot(nameOf?: NameOf, db: Database = this.db, patienceMs: number = NEVER_MS): Bot {
    const lines = new Writable({
      write: (line, _encoding, done) => {
        this.log.push(String(line));
        done();
      },
    });
    return new Bot({
      db,
      context: this.context,
      logger: pino({ level: 'debug', base: {} }, lines),
      wake: {
        deliver: () => this.wakes.push('deliver'),
        review: (accountId) => this.wakes.push(`review ${accountId}`),
      },
      ...(nameOf ? { nameOf } : {}),
      patienceMs,
    });
  }

  /** An account with 5,000 yuan, a plan of 50,000 segments, auto-renewal on, and a group with one administrator. */
  async setUp(
    options: {
      language?: Language;
      policy?: Partial<RenewalPolicy>;
      balance?: string;
      plan?: boolean;
      group?: boolean;
    } = {},
  ): Promise<this> {
    await inTransaction(this.db, async (tx) => {
      const now = this.clock.now();
      await insertTariff(tx, TARIFF, now);
      await insertOffers(tx, [OFFER]);
      this.accountId = await createAccount(this.context, tx, {
        name: '示例科技',
        tariffId: TARIFF.id,
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'verification',
        creditLimit: yuan('1000'),
        overdueGraceHours: 0,
      });
      const { accountId } = this;
      const amount = yuan(options.balance ?? '5000');
      if (amount > 0n) await recharge(this.context, tx, { accountId, amount, key: 'first', by: 'test' });
      if (options.plan ?? true) {
        await grantPlan(this.context, tx, { accountId, offerId: OFFER.id, key: 'first', by: 'test' });
      }
      const policy = aPolicy({ offerId: OFFER.id, threshold: 10_000n, ...options.policy });
      await setAutoRenewal(this.context, tx, accountId, policy, 'test');
      if (options.group ?? true) {
        await authorizeGroup(this.context, tx, {
          conversation: { corpId: CORP, conversationId: this.group },
          title: '短信运维群',
          language: options.language ?? 'zh-CN',
          actor: ADMIN,
          accountId,
        });
      }
    });
    return this;
  }

  message(person: Person, text: string, overrides: Partial<RobotMessage> = {}): RobotMessage {
    messages += 1;
    return {
      corpId: CORP,
      messageId: `msg${messages}`,
      frameId: `frame${messages}`,
      conversationId: this.group,
      conversationKind: 'group',
      conversationTitle: '短信运维群',
      senderStaffId: person.staffId,
      senderName: person.name,
      text,
      kind: 'text',
      mentions: [],
      sessionWebhook: 'https://oapi.dingtalk.com/robot/sendBySession?session=secret',
      sessionWebhookExpiresAt: this.clock.now().add({ minutes: 90 }),
      sentAt: this.clock.now(),
      robotCode: 'robot',
      ...overrides,
    };
  }

  /** Says something and returns the answer. */
  async say(person: Person, text: string, overrides: Partial<RobotMessage> = {}): Promise<QueuedNotice> {
    const message = this.message(person, text, overrides);
    await this.bot.handleMessage(message);
    return this.answerTo(message.messageId);
  }

  direct(person: Person): Partial<RobotMessage> {
    return { conversationId: `cidDirect${person.staffId}`, conversationKind: 'direct', conversationTitle: null };
  }

  aClick(staffId: string, outTrackId: string | null, actionId: string, overrides: Partial<CardClick> = {}): CardClick {
    messages += 1;
    return {
      corpId: CORP,
      messageId: `push${messages}`,
      outTrackId: outTrackId ?? '',
      userId: staffId,
      actionId,
      params: {},
      conversationId: this.group,
      ...overrides,
    };
  }

  /** Presses a button and returns the answer: a message, or what the card itself was changed to, never both. */
  async click(
    staffId: string,
    outTrackId: string | null,
    actionId: string,
    overrides: Partial<CardClick> = {},
  ): Promise<QueuedNotice> {
    const click = this.aClick(staffId, outTrackId, actionId, overrides);
    const before = await this.#changesOf(outTrackId);
    await this.bot.handleClick(click);
    const changes = await this.#changesOf(outTrackId);
    const key = `reply/${click.corpId}/click/${click.messageId}`;
    const messages = await this.#readNotices({ key });
    const [answer] = [...messages, ...changes.slice(before.length)];
    if (!answer) throw new Error(`the click ${click.messageId} was not answered`);
    return answer;
  }

  async #changesOf(outTrackId: string | null): Promise<QueuedNotice[]> {
    if (outTrackId === null) return [];
    const notices = await this.#readNotices({ out_track_id: outTrackId });
    return notices.filter(({ target }) => target.type === 'card');
  }

  async answerTo(messageId: string): Promise<QueuedNotice> {
    const answers = await this.#readNotices({ key: `reply/${CORP}/${messageId}` });
    const [answer] = answers;
    if (!answer || answers.length > 1) throw new Error(`${answers.length} answers to ${messageId}`);
    return answer;
  }

  /** What was queued for this account, in order. */
  async notices(reason?: string): Promise<QueuedNotice[]> {
    const notices = await this.#readNotices({ account_id: this.accountId });
    return reason === undefined ? notices : notices.filter((notice) => notice.reason === reason);
  }

  allNotices(): Promise<QueuedNotice[]> {
    return this.#readNotices({});
  }

  async #readNotices(which: { key?: string; account_id?: string; out_track_id?: string }): Promise<QueuedNotice[]> {
    const rows = await this.db.kysely
      .selectFrom('notices')
      .selectAll()
      .where((eb) => eb.and(which))
      .orderBy('queued_at')
      .orderBy('ordinal')
      .execute();
    return rows.map((row) => ({
      accountId: row.account_id,
      key: row.key,
      reason: row.reason,
      recipient: row.recipient,
      target: row.target as NoticeTarget,
      content: row.content as NoticeContent,
      outTrackId: row.out_track_id,
    }));
  }

  async isAutoRenewalOn(): Promise<boolean> {
    return (await readPolicy(this.db.kysely, this.accountId)).enabled;
  }

  async groupCode(): Promise<string> {
    const { code } = await inTransaction(this.db, (tx) => issueGroupCode(this.context, tx, this.accountId));
    return code;
  }

  /** Holds the account as a long piece of work would, until what is returned is called. */
  holdAccount(): Promise<() => Promise<void>> {
    return holdAccount(this.db, this.accountId);
  }

  /** Everything about the account that a command could change, to compare. */
  async state(): Promise<unknown> {
    const of = { accountId: this.accountId };
    const { kysely } = this.db;
    return {
      policy: await readPolicy(kysely, of.accountId),
      approvals: await kysely.selectFrom('approvals').selectAll().where('account_id', '=', of.accountId).execute(),
      transfers: await kysely.selectFrom('transfers').selectAll().where('account_id', '=', of.accountId).execute(),
      groups: await kysely.selectFrom('groups').selectAll().where('account_id', '=', of.accountId).execute(),
    };
  }
}

const TARIFF = {
  id: 'test',
  version: 1,
  currency: 'CNY',
  effectiveFrom: '2020-01-01T00:00:00+08:00',
  mode: 'volume' as const,
  planUsageCounts: false,
  mainland: {
    verification: [{ upTo: null, price: '0.045' }],
    notification: [{ upTo: null, price: '0.045' }],
    promotion: [{ upTo: null, price: '0.055' }],
  },
  international: { HK: '0.3' },
};
