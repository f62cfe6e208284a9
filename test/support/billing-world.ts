import { randomUUID } from 'node:crypto';
import { ManualClock } from '../../src/clock.ts';
import type { Announcement } from '../../src/domain/announcement.ts';
import type { PlanOffer } from '../../src/domain/plan.ts';
import type { RenewalPolicy } from '../../src/domain/renewal.ts';
import { type AccountSettings, DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { type AccountInput, createAccount, recharge } from '../../src/services/accounts.ts';
import { setAutoRenewal } from '../../src/services/auto-renewal.ts';
import type { Compose, ServiceContext } from '../../src/services/context.ts';
import { planDailyDigest } from '../../src/services/digest.ts';
import { authorizeGroup } from '../../src/services/groups.ts';
import { type MeteringOutcome, meterUsage } from '../../src/services/metering.ts';
import { PastIds } from '../../src/services/past-ids.ts';
import { grantPlan } from '../../src/services/plans.ts';
import { reviewAccount } from '../../src/services/review.ts';
import type { Staff } from '../../src/services/roles.ts';
import { withdraw } from '../../src/services/withdrawals.ts';
import { type Account, lockAccount, readAccount } from '../../src/store/accounts.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import type { Group } from '../../src/store/groups.ts';
import { insertOffers } from '../../src/store/plans.ts';
import type { Tx } from '../../src/store/schema.ts';
import { writeSettings } from '../../src/store/settings.ts';
import { insertTariff, type TariffDocument } from '../../src/store/tariffs.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { anOffer, aPolicy, aReport, NOW, yuan } from './builders.ts';

export const ADMIN: Staff = { staffId: 'zhangwei', name: '张伟' };
export const MEMBER: Staff = { staffId: 'lina', name: '李娜' };

/** A price list in which every tier matters after a few hundred segments. */
export const TARIFF: TariffDocument = {
  id: 'test',
  version: 1,
  currency: 'CNY',
  effectiveFrom: '2020-01-01T00:00:00+08:00',
  mode: 'volume',
  planUsageCounts: false,
  mainland: {
    verification: steps('0.045', '0.040', '0.036'),
    notification: steps('0.045', '0.040', '0.036'),
    promotion: steps('0.055', '0.050', '0.046'),
  },
  international: { HK: '0.3', US: '0.05' },
};

export const OFFERS: readonly PlanOffer[] = [
  anOffer({ id: 'sms-5000', segments: 5_000n, price: yuan('170') }),
  anOffer({ id: 'sms-5000-off', title: '5,000 segments at a discount', price: yuan('170'), renewalDiscountBp: 500 }),
  anOffer({ id: 'sms-1000-month', title: '1,000 segments', segments: 1_000n, price: yuan('40'), validityMonths: 1 }),
  anOffer({ id: 'sms-100', title: '100 segments', segments: 100n, price: yuan('5'), validityMonths: 3 }),
];

function steps(first: string, second: string, third: string) {
  return [
    { upTo: 500, price: first },
    { upTo: 5_000, price: second },
    { upTo: null, price: third },
  ];
}

/** What was told, with its figures as text. */
export type Told = { readonly kind: Announcement['kind'] } & Readonly<Record<string, unknown>>;

/** Says what is announced and its figures; putting it into words is tested elsewhere. */
const compose: Compose = (announcement, { administrators }) => ({
  title: announcement.kind,
  markdown: JSON.stringify(announcement, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  buttons: [],
  hint: '',
  mentions: administrators.map(({ staffId, name }) => ({ userId: staffId, name })),
});

class Crash extends Error {}

/** Use cases on a real database, at a time that the test sets. */
export class BillingWorld {
  readonly db: Database;
  readonly clock = new ManualClock(NOW);
  crashNext = false;
  readonly context: ServiceContext = { clock: this.clock, compose, pastIds: new PastIds() };

  private constructor(db: Database) {
    this.db = db;
  }

  /** With the price list and the offers above. */
  static async on(db: Database): Promise<BillingWorld> {
    const world = new BillingWorld(db);
    await world.run(async (tx) => {
      await insertTariff(tx, TARIFF, NOW);
      await insertOffers(tx, OFFERS);
    });
    return world;
  }

  /** With `crashNext` the next transaction does its work, is lost before its commit as in a crash, and is done again. */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.crashNext) {
      this.crashNext = false;
      const lost = inTransaction(this.db, async (tx) => {
        await work(tx);
        throw new Crash();
      });
      await lost.catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
    }
    return inTransaction(this.db, work);
  }

  pass(duration: Temporal.DurationLike): void {
    this.clock.set(this.clock.now().add(duration));
  }

  /** An account with a group that has an administrator and a member. */
  async openAccount(overrides: Partial<AccountInput> = {}): Promise<TestAccount> {
    const id = await this.run((tx) =>
      createAccount(this.context, tx, {
        name: 'Test Ltd',
        tariffId: 'test',
        timeZone: 'Asia/Shanghai',
        defaultTemplateType: 'notification',
        creditLimit: 0n,
        overdueGraceHours: 0,
        ...overrides,
      }),
    );
    const group: Group = {
      corpId: 'corp',
      conversationId: `cid-${id}`,
      accountId: id,
      title: '短信运维群',
      language: 'zh-CN',
    };
    const { corpId, conversationId, title, language } = group;
    await this.run((tx) =>
      authorizeGroup(this.context, tx, {
        accountId: id,
        conversation: { corpId, conversationId },
        title,
        language,
        actor: ADMIN,
      }),
    );
    return new TestAccount(this, id, group);
  }
}

/** One account, and what is done to it. */
export class TestAccount {
  readonly #world: BillingWorld;
  readonly id: string;
  readonly group: Group;
  #heard = 0;

  constructor(world: BillingWorld, id: string, group: Group) {
    this.#world = world;
    this.id = id;
    this.group = group;
  }

  recharge(amount: string, key: string = randomUUID()): Promise<boolean> {
    const { context } = this.#world;
    return this.#world.run((tx) =>
      recharge(context, tx, { accountId: this.id, amount: yuan(amount), key, by: 'operator' }),
    );
  }

  withdraw(amount: string, key: string = randomUUID(), mayOverdraw = false): Promise<boolean> {
    const { context } = this.#world;
    const input = { accountId: this.id, amount: yuan(amount), key, reason: '重复充值', mayOverdraw, by: 'operator' };
    return this.#world.run((tx) => withdraw(context, tx, input));
  }

  grant(offerId: string, key: string = randomUUID()) {
    const { context } = this.#world;
    return this.#world.run((tx) => grantPlan(context, tx, { accountId: this.id, offerId, key, by: 'operator' }));
  }

  renewal(policy: Partial<RenewalPolicy>) {
    const { context } = this.#world;
    return this.#world.run((tx) => setAutoRenewal(context, tx, this.id, aPolicy(policy), 'operator'));
  }

  /** Sets what is not said otherwise to its default. */
  settings(overrides: Partial<AccountSettings>): Promise<void> {
    const { context } = this.#world;
    return this.#world.run(async (tx) => {
      const settings = { ...DEFAULT_SETTINGS, ...overrides };
      await writeSettings(tx, this.id, settings, context.clock.now());
      await planDailyDigest(context, tx, await lockAccount(tx, this.id), settings);
    });
  }

  async meter(reports: readonly UsageReport[]): Promise<MeteringOutcome> {
    const { context, db } = this.#world;
    for (const month of new Set(reports.map(({ at }) => at.toString().slice(0, 7)))) {
      const first = Temporal.Instant.from(`${month}-01T00:00:00Z`);
      await ensurePartitions(db.kysely, first, first);
    }
    return this.#world.run((tx) => meterUsage(context, tx, this.id, reports));
  }

  /** Uses up this many mainland segments, in one message sent now. */
  use(segments: number, overrides: Partial<UsageReport> = {}): Promise<MeteringOutcome> {
    return this.meter([aReport({ id: randomUUID(), segments, at: this.#world.clock.now(), ...overrides })]);
  }

  /** Looks at the account if it is due; false when it was not. */
  review(): Promise<boolean> {
    const { context } = this.#world;
    return this.#world.run((tx) => reviewAccount(context, tx, this.id));
  }

  read(): Promise<Account> {
    return readAccount(this.#world.db.kysely, this.id);
  }

  async nextReviewAt(): Promise<Temporal.Instant> {
    const row = await this.#world.db.kysely
      .selectFrom('accounts')
      .select('next_review_at')
      .where('account_id', '=', this.id)
      .executeTakeFirstOrThrow();
    return row.next_review_at;
  }

  plans() {
    return this.#world.db.kysely
      .selectFrom('plans')
      .select(['plan_id', 'source', 'total', 'remaining', 'price', 'effective_at', 'expires_at', 'expired_at'])
      .where('account_id', '=', this.id)
      .orderBy('effective_at')
      .execute();
  }

  renewals() {
    return this.#world.db.kysely
      .selectFrom('renewals')
      .selectAll()
      .where('account_id', '=', this.id)
      .orderBy('opened_at')
      .execute();
  }

  /** Everything that was told, in the order in which it is delivered; not how the cards of alerts change afterwards. */
  async told(): Promise<Told[]> {
    return (await this.#said()).filter((told) => !isChange(told));
  }

  /** How the cards of alerts have changed. */
  async cardChanges(): Promise<Told[]> {
    return (await this.#said()).filter(isChange);
  }

  async #said(): Promise<Told[]> {
    const rows = await this.#world.db.kysely
      .selectFrom('notices')
      .select('content')
      .where('account_id', '=', this.id)
      .orderBy('queued_at')
      .orderBy('ordinal')
      .execute();
    return rows.map((row) => JSON.parse((row.content as { markdown: string }).markdown) as Told);
  }

  /** What was told since the last call. */
  async news(): Promise<Told[]> {
    const told = await this.told();
    const news = told.slice(this.#heard);
    this.#heard = told.length;
    return news;
  }
}

function isChange({ episode }: Told): boolean {
  return typeof episode === 'object' && episode !== null && 'as' in episode && episode.as === 'changed';
}

/** The kinds of what was told. */
export function kinds(told: readonly Told[]): string[] {
  return told.map(({ kind }) => kind);
}
