import { randomUUID } from 'node:crypto';
import { ManualClock } from '../../../src/clock.ts';
import type { Message } from '../../../src/sandbox/conversations.ts';
import { createAccount, recharge } from '../../../src/services/accounts.ts';
import { setAutoRenewal } from '../../../src/services/auto-renewal.ts';
import { authorizeGroup, issueGroupCode } from '../../../src/services/groups.ts';
import { meterUsage } from '../../../src/services/metering.ts';
import { grantPlan } from '../../../src/services/plans.ts';
import { inTransaction } from '../../../src/store/database.ts';
import { insertAdministrator } from '../../../src/store/groups.ts';
import { insertOffers } from '../../../src/store/plans.ts';
import type { Tx } from '../../../src/store/schema.ts';
import { insertTariff } from '../../../src/store/tariffs.ts';
import { ensurePartitions } from '../../../src/store/usage.ts';
import { anOffer, aPolicy, aReport, NOW, yuan } from '../builders.ts';
import { eventually } from '../eventually.ts';
import { holdAccount } from '../hold-account.ts';
import { type RunningService, startRunningService } from '../running-service.ts';
import { openTestDatabase } from '../test-database.ts';
import { Cast, CORP, OPS_GROUP } from './cast.ts';
import type { Action, Script, Step } from './script.ts';
import { linesOf, Placeholders } from './transcript.ts';

const MAX_SEGMENTS = 1_000;
/** Where a script holds the account: long enough that no other command of it takes as long. */
const HELD_PATIENCE_MS = 1_500;

/** What a script may begin with, besides its `language`; each with its default. */
const SETTINGS = {
  /** Yuan that were recharged before. */
  balance: '5000',
  credit: '0',
  /** Ids of offers, one plan each; `none` for none. */
  plans: 'sms-50000',
  'auto-renewal': 'on',
  threshold: '10000',
  /** The offer that auto-renewal buys; `none` for none. */
  'renewal-offer': 'sms-50000',
  /** Whether the group is authorized. */
  authorized: 'yes',
  administrators: '',
};

/** One service, one emulator and one account with its group, on which a script is played. The clock stands at noon of 2026-03-10. */
export class Stage {
  readonly #running: RunningService;
  readonly #drop: () => Promise<void>;
  readonly #cast: Cast;
  readonly #placeholders = new Placeholders();
  readonly #shown = new Map<string, number>();
  #accountId = '';
  #accepted = 0;
  /** Lets go of the account that `= hold` holds. */
  #release: (() => Promise<void>) | undefined;
  #announced = 0;

  private constructor(running: RunningService, drop: () => Promise<void>, cast: Cast) {
    this.#running = running;
    this.#drop = drop;
    this.#cast = cast;
  }

  /** @throws Error for a setting that is none */
  static async open(script: Script): Promise<Stage> {
    const { language, ...given } = { language: '', ...script.settings };
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(SETTINGS, name));
    if (unknown) throw new Error(`there is no setting ${unknown}`);
    const cast = new Cast(script.language);
    const { url, drop } = await openTestDatabase();
    const running = await startRunningService({
      databaseUrl: url,
      world: cast.world(),
      clock: new ManualClock(NOW),
      ...(script.steps.some(isHold) && { patienceMs: HELD_PATIENCE_MS }),
    });
    const stage = new Stage(running, drop, cast);
    await stage.#setUp({ ...SETTINGS, ...given });
    return stage;
  }

  async close(): Promise<void> {
    await this.#running.stop();
    await this.#drop();
  }

  /** Does one step; what the bot said and changed because of it, in the order of the conversations. */
  async play(action: Action): Promise<string[]> {
    await this.#done(action);
    if (this.#release) await this.#saidToWait(action);
    else await this.#settled();
    return this.#news();
  }

  async #setUp(settings: typeof SETTINGS): Promise<void> {
    const isEnglish = this.#cast.language === 'en';
    await this.#transact(async (tx) => {
      const { context } = this.#running.service;
      const now = context.clock.now();
      await ensurePartitions(this.#running.service.db.kysely, now, now);
      await insertTariff(tx, TARIFF, now);
      await insertOffers(tx, [
        anOffer({
          id: 'sms-5000',
          title: isEnglish ? 'Domestic SMS 5,000' : '国内短信 5 千条包',
          segments: 5_000n,
          price: yuan('210'),
        }),
        anOffer({
          id: 'sms-50000',
          title: isEnglish ? 'Domestic SMS 50,000' : '国内短信 5 万条包',
          segments: 50_000n,
          price: yuan('1900'),
          renewalDiscountBp: 500,
        }),
      ]);
      this.#accountId = await createAccount(context, tx, {
        name: isEnglish ? 'Example Ltd' : '示例科技',
        tariffId: TARIFF.id,
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'verification',
        creditLimit: yuan(settings.credit),
        overdueGraceHours: 0,
      });
      const accountId = this.#accountId;
      const amount = yuan(settings.balance);
      if (amount > 0n) await recharge(context, tx, { accountId, amount, key: 'first', by: 'test' });
      for (const [index, offerId] of listOf(settings.plans).entries()) {
        await grantPlan(context, tx, { accountId, offerId, key: `plan-${index}`, by: 'test' });
      }
      const [offerId = null] = listOf(settings['renewal-offer']);
      const policy = aPolicy({
        enabled: settings['auto-renewal'] === 'on',
        offerId,
        threshold: BigInt(settings.threshold),
      });
      await setAutoRenewal(context, tx, accountId, policy, 'test');
    });
    await this.#running.service.scheduler.tick();
    if (settings.authorized === 'yes') await this.#authorize(listOf(settings.administrators));
    await this.#settled();
    this.#news();
  }

  async #authorize(administrators: readonly string[]): Promise<void> {
    const conversation = { corpId: CORP, conversationId: OPS_GROUP };
    await this.#transact(async (tx) => {
      const { context } = this.#running.service;
      await authorizeGroup(context, tx, {
        conversation,
        title: this.#cast.groupTitle,
        language: this.#cast.language,
        actor: { staffId: 'zhangwei', name: this.#cast.nameOf('zhangwei') },
        accountId: this.#accountId,
      });
      for (const name of administrators) {
        const administrator = { staffId: this.#cast.userIdOf(name), name };
        await insertAdministrator(tx, conversation, administrator, context.clock.now());
      }
    });
  }

  async #done(action: Action): Promise<void> {
    const { sandbox } = this.#running;
    switch (action.type) {
      case 'say': {
        const userId = this.#cast.userIdOf(action.who);
        const words = this.#placeholders.reveal(this.#cast.withMentions(controls(action.words)));
        sandbox.say(this.#cast.conversationOf(userId, action.where), userId, words);
        this.#accepted += 1;
        return;
      }
      case 'click': {
        const userId = this.#cast.userIdOf(action.who);
        const conversationId = this.#cast.conversationOf(userId, action.where);
        const label = this.#placeholders.reveal(action.label);
        const card = sandbox
          .messages(conversationId)
          .findLast((message) => message.buttons.some((button) => button.label === label && !button.disabled));
        const button = card?.buttons.find((one) => one.label === label);
        if (!card?.outTrackId || !button) throw new Error(`no card shows the button ${label}`);
        const { acknowledged, problem } = await sandbox.click(card.outTrackId, userId, button.id);
        if (!acknowledged || problem !== null) throw new Error(`the click failed: ${problem}`);
        this.#accepted += 1;
        return;
      }
      case 'do':
        return this.#do(action.verb, action.argument);
    }
  }

  async #do(verb: string, argument: string): Promise<void> {
    const { service, sandbox, advance } = this.#running;
    const { context } = service;
    const accountId = this.#accountId;
    switch (verb) {
      // = advance P1D
      case 'advance':
        return advance(argument);
      // = recharge 500
      case 'recharge':
        await this.#transact((tx) =>
          recharge(context, tx, { accountId, amount: yuan(argument), key: randomUUID(), by: 'operator' }),
        );
        return;
      // = use 45000: mainland verification codes, delivered now
      case 'use':
        return this.#use(Number(argument));
      // = grant sms-5000
      case 'grant':
        await this.#transact((tx) =>
          grantPlan(context, tx, { accountId, offerId: argument, key: randomUUID(), by: 'operator' }),
        );
        return;
      // = code: a binding code, which the script knows as <BIND1>
      case 'code': {
        const { code } = await this.#transact((tx) => issueGroupCode(context, tx, accountId));
        this.#placeholders.add('BIND', code);
        return;
      }
      // = hold: a long piece of work has the account, so that commands take longer than a moment
      case 'hold':
        this.#release = await holdAccount(service.db, accountId);
        return;
      // = release: it is over
      case 'release':
        await this.#release?.();
        this.#release = undefined;
        return;
      // = no-cards: the platform refuses the next cards
      case 'no-cards':
        sandbox.faults.answerCalls('POST /v1.0/card/instances/createAndDeliver', NO_CARDS, 1_000);
        return;
      // = no-card-changes: it refuses to change the cards that are there
      case 'no-card-changes':
        sandbox.faults.answerCalls('PUT /v1.0/card/instances', NO_CARDS, 1_000);
        return;
      // = no-action-card: it refuses the next action card too
      case 'no-action-card':
        sandbox.faults.answerCalls('/robot/sendBySession', NO_ACTION_CARD);
        return;
      // = cards: it takes them again
      case 'cards':
        sandbox.faults.clear();
        return;
      default:
        throw new Error(`there is no "= ${verb}"`);
    }
  }

  async #use(segments: number): Promise<void> {
    const { context, db } = this.#running.service;
    const now = context.clock.now();
    await ensurePartitions(db.kysely, now, now);
    const sizes = Array.from({ length: Math.ceil(segments / MAX_SEGMENTS) }, (_, index) =>
      Math.min(MAX_SEGMENTS, segments - index * MAX_SEGMENTS),
    );
    const reports = sizes.map((size) => aReport({ id: randomUUID(), segments: size, at: now }));
    await this.#transact((tx) => meterUsage(context, tx, this.#accountId, reports));
  }

  /** Resolves when who said something while the account is held has been told that it takes time. */
  async #saidToWait(action: Action): Promise<void> {
    if (action.type === 'do') return;
    this.#announced += 1;
    await eventually(async () => {
      const announced = await this.#running.service.db.kysely
        .selectFrom('notices')
        .select('key')
        .where('reason', '=', 'processing')
        .where('state', '=', 'delivered')
        .execute();
      if (announced.length < this.#announced) throw new Error('who waits was not told so');
    });
  }

  /** Resolves when all that was said is handled, all that is due is done, and nothing waits to be told. */
  async #settled(): Promise<void> {
    const { db, scheduler } = this.#running.service;
    const { kysely } = db;
    await eventually(async () => {
      const inbox = await kysely.selectFrom('inbox').select('message_id').execute();
      if (inbox.length < this.#accepted) throw new Error(`${inbox.length} of ${this.#accepted} messages were accepted`);
    });
    await eventually(async () => {
      await scheduler.tick();
      const now = this.#running.clock.now();
      const due = await kysely.selectFrom('accounts').select('account_id').where('next_review_at', '<=', now).execute();
      if (due.length > 0) throw new Error('an account is due for a look');
      const waiting = await kysely
        .selectFrom('notices')
        .select('key')
        .where('state', '=', 'waiting')
        .where(({ eb, or }) => or([eb('next_attempt_at', '<=', now), eb('leased_until', 'is not', null)]))
        .execute();
      if (waiting.length > 0) throw new Error(`waits to be told: ${waiting.map(({ key }) => key).join(', ')}`);
    });
    const said = this.#unseen().map(textOf).join('\n');
    const approvals = await kysely.selectFrom('approvals').select('code').execute();
    const alerts = await kysely.selectFrom('alerts').select('code').where('code', 'is not', null).execute();
    this.#placeholders.name(
      'CODE',
      said,
      approvals.map(({ code }) => code),
    );
    this.#placeholders.name(
      'ALERT',
      said,
      alerts.flatMap(({ code }) => code ?? []),
    );
  }

  #unseen(): Message[] {
    return this.#cast.conversationIds
      .flatMap((id) => this.#running.sandbox.messages(id))
      .filter((message) => message.from === 'bot' && this.#shown.get(message.id) !== message.revision)
      .toSorted((a, b) => a.seq - b.seq);
  }

  #news(): string[] {
    const unseen = this.#unseen();
    for (const { id, revision } of unseen) this.#shown.set(id, revision);
    return unseen.flatMap((message) => linesOf(message, this.#cast).map((line) => this.#placeholders.hide(line)));
  }

  #transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return inTransaction(this.#running.service.db, work);
  }
}

function isHold({ action }: Step): boolean {
  return action.type === 'do' && action.verb === 'hold';
}

const NO_CARDS = { status: 400, body: { code: 'param.templateNotExist', message: '模板不存在', requestid: 'test' } };

const NO_ACTION_CARD = { status: 200, body: { errcode: 40035, errmsg: '不合法的参数' } };

const STEPS = [
  { upTo: 100_000, price: '0.045' },
  { upTo: null, price: '0.040' },
];
const TARIFF = {
  id: 'test',
  version: 1,
  currency: 'CNY',
  effectiveFrom: '2020-01-01T00:00:00+08:00',
  mode: 'volume' as const,
  planUsageCounts: false,
  mainland: { verification: STEPS, notification: STEPS, promotion: [{ upTo: null, price: '0.055' }] },
  international: { HK: '0.3', US: '0.05' },
};

function listOf(text: string): string[] {
  return text === 'none' || text === '' ? [] : text.split(',').map((part) => part.trim());
}

function textOf({ title, text, buttons }: Message): string {
  return [title ?? '', text, ...buttons.map(({ label }) => label)].join('\n');
}

/** Control characters are written in a script as JSON writes them. */
function controls(words: string): string {
  return words.replaceAll(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
