import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { RuleError } from '../../src/domain/errors.ts';
import { ALWAYS, type OfferVersion } from '../../src/domain/offer.ts';
import type { UsageReport } from '../../src/domain/usage.ts';
import { closeBill } from '../../src/services/bills.ts';
import { addTariffs } from '../../src/services/catalogue.ts';
import { assertPurchase, purchase, quote } from '../../src/services/purchase.ts';
import { refundPlan } from '../../src/services/refunds.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { listBills } from '../../src/store/bills.ts';
import { insertOffers } from '../../src/store/plans.ts';
import { findDifferences } from '../../src/store/reconciliation.ts';
import { AccountOracle, type OracleBill, type OracleOffer } from '../support/account-oracle.ts';
import { ADMIN, BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { anOffer } from '../support/builders.ts';
import { documentOf, monthsOf, oracleTariff } from '../support/oracle-tariffs.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cut } from '../support/usage-histories.ts';

const { db } = await createTestDatabase();
const START = Temporal.Instant.from('2025-12-20T09:30:00+08:00');

/** Prices that no rounding hides. */
const on = (date: string) => Temporal.PlainDate.from(date).toZonedDateTime('Asia/Shanghai').toInstant();
/** One of them shrinks, one is not sold for a while, and all become dearer. */
const OFFERS: readonly OracleOffer[] = [
  {
    ...{ id: 'o-7', segments: 7, months: 1, micro: 330_000, renewalMicro: 330_000 },
    changes: [{ from: on('2026-01-20'), to: { segments: 5, months: 1, micro: 360_000, renewalMicro: 360_000 } }],
  },
  {
    ...{ id: 'o-15', segments: 15, months: 1, micro: 700_000, renewalMicro: 670_000 },
    changes: [
      { from: on('2026-01-10'), to: null },
      { from: on('2026-02-05'), to: { segments: 15, months: 1, micro: 720_000, renewalMicro: 690_000 } },
    ],
  },
  {
    ...{ id: 'o-40', segments: 40, months: 2, micro: 1_810_000, renewalMicro: 1_720_000 },
    changes: [{ from: on('2026-01-12'), to: { segments: 40, months: 3, micro: 1_900_000, renewalMicro: 1_800_000 } }],
  },
];

/** A message by its facts; when it was sent is counted back from its first report. */
interface Message {
  readonly country: string | null;
  readonly templateType: UsageReport['templateType'];
  readonly segments: number;
  readonly hoursAgo: number;
  readonly outcome: 'delivered' | 'failed';
}

/** A report of a message: its end or its submission, now and then with what contradicts it. */
interface Said {
  readonly message: number;
  readonly kind: 'final' | 'submitted' | 'other segments' | 'other outcome';
}

type Event =
  | { readonly type: 'report'; readonly said: readonly Said[]; readonly cuts: readonly number[] }
  | { readonly type: 'recharge'; readonly micro: number }
  | { readonly type: 'withdraw'; readonly micro: number; readonly mayOverdraw: boolean }
  | { readonly type: 'grant' | 'buy'; readonly offer: number }
  | { readonly type: 'refund'; readonly plan: number }
  | { readonly type: 'review' | 'close bills' };

/** What happens after a pause; it may be lost before its commit, and it may be sent twice. */
interface Step {
  readonly pauseMinutes: number;
  readonly event: Event;
  readonly isLostFirst: boolean;
  readonly isRepeated: boolean;
}

interface History {
  readonly mode: 'volume' | 'graduated';
  readonly planUsageCounts: boolean;
  readonly policy: {
    readonly threshold: number;
    readonly offer: number;
    readonly perDay: number;
    readonly perMonth: number;
  } | null;
  readonly messages: readonly Message[];
  readonly steps: readonly Step[];
}

const MESSAGES = 30;
const message: fc.Arbitrary<Message> = fc.record({
  country: fc.constantFrom(null, null, null, 'HK', 'US'),
  templateType: fc.constantFrom('verification', 'verification', 'notification', 'promotion', null),
  segments: fc.integer({ min: 1, max: 5 }),
  hoursAgo: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 24 * 45 })),
  outcome: fc.constantFrom('delivered', 'delivered', 'delivered', 'failed'),
});
const said: fc.Arbitrary<Said> = fc.record({
  message: fc.nat(MESSAGES - 1),
  kind: fc.constantFrom(
    ...([
      'final',
      'final',
      'final',
      'final',
      'final',
      'submitted',
      'submitted',
      'other segments',
      'other outcome',
    ] as const),
  ),
});
const reported = fc.record({
  type: fc.constant('report' as const),
  said: fc.array(said, { minLength: 1, maxLength: 8 }),
  cuts: fc.array(fc.nat(8), { maxLength: 2 }),
});
const recharged = fc.record({ type: fc.constant('recharge' as const), micro: fc.integer({ min: 1, max: 4_000_000 }) });
const withdrawn = fc.record({
  type: fc.constant('withdraw' as const),
  micro: fc.integer({ min: 1, max: 2_000_000 }),
  mayOverdraw: fc.boolean(),
});
const offered = fc.record({
  type: fc.constantFrom('grant' as const, 'buy' as const),
  offer: fc.nat(OFFERS.length - 1),
});
const refunded = fc.record({ type: fc.constant('refund' as const), plan: fc.nat(5) });
const reviewed = fc.constant({ type: 'review' as const });
const billed = fc.constant({ type: 'close bills' as const });

interface Flavour {
  readonly message: fc.Arbitrary<Message>;
  readonly event: fc.Arbitrary<Event>;
  readonly pauseMinutes: fc.Arbitrary<number>;
  readonly policyFrequency: number;
}

const DAY = 24 * 60;
/** Months pass, and everything happens. */
const LONG: Flavour = {
  message,
  event: fc.oneof(
    { weight: 8, arbitrary: reported },
    { weight: 4, arbitrary: recharged },
    { weight: 1, arbitrary: withdrawn },
    { weight: 2, arbitrary: offered },
    { weight: 1, arbitrary: refunded },
    { weight: 4, arbitrary: reviewed },
    { weight: 2, arbitrary: billed },
  ),
  pauseMinutes: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 12 * DAY })),
  policyFrequency: 2,
};
/** Money is there or nearly there, and what is used is what plans cover: auto-renewal is tried, fails, waits and succeeds. */
const RENEWING: Flavour = {
  message: message.map((each) => ({ ...each, country: null, hoursAgo: each.hoursAgo % 24, outcome: 'delivered' })),
  event: fc.oneof(
    { weight: 4, arbitrary: reported },
    { weight: 3, arbitrary: recharged },
    { weight: 1, arbitrary: withdrawn },
    { weight: 1, arbitrary: offered },
    { weight: 8, arbitrary: reviewed },
  ),
  pauseMinutes: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(1, 5 * 60, 19 * 60, DAY - 1, DAY, DAY + 1) },
    { weight: 1, arbitrary: fc.integer({ min: DAY, max: 12 * DAY }) },
  ),
  policyFrequency: 20,
};

function histories({ message, event, pauseMinutes, policyFrequency }: Flavour): fc.Arbitrary<History> {
  const rarely = fc.integer({ min: 0, max: 5 }).map((number) => number === 0);
  return fc.record({
    mode: fc.constantFrom('volume', 'graduated'),
    planUsageCounts: fc.boolean(),
    policy: fc.option(
      fc.record({
        threshold: fc.integer({ min: 0, max: 6 }),
        offer: fc.nat(OFFERS.length - 1),
        perDay: fc.integer({ min: 1, max: 2 }),
        perMonth: fc.integer({ min: 1, max: 4 }),
      }),
      { freq: policyFrequency },
    ),
    messages: fc.array(message, { minLength: MESSAGES, maxLength: MESSAGES }),
    steps: fc.array(fc.record({ pauseMinutes, event, isLostFirst: rarely, isRepeated: rarely }), {
      minLength: 15,
      maxLength: 35,
      size: 'max',
    }),
  });
}

let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  const offers = OFFERS.flatMap(({ id, changes, ...first }) =>
    [{ from: ALWAYS, to: first }, ...changes].map(({ from, to }, index): OfferVersion => {
      const key = { id, version: index + 1, effectiveFrom: from };
      if (!to) return { ...key, withdrawn: true };
      return anOffer({
        ...key,
        segments: BigInt(to.segments),
        price: BigInt(to.micro),
        validityMonths: to.months,
        renewalDiscountBp: Math.round((1 - to.renewalMicro / to.micro) * 10_000),
      });
    }),
  );
  await world.run((tx) => insertOffers(tx, offers));
});

/** Plays a history on the database and on the oracle at once. */
class Play {
  readonly #account: TestAccount;
  readonly #oracle: AccountOracle;
  readonly #messages: readonly Message[];
  readonly #sentAt = new Map<number, Temporal.Instant>();

  private constructor(account: TestAccount, oracle: AccountOracle, messages: readonly Message[]) {
    this.#account = account;
    this.#oracle = oracle;
    this.#messages = messages;
  }

  static async begin({ mode, planUsageCounts, policy, messages }: History): Promise<Play> {
    world.clock.set(START);
    const tariffId = `t-${randomUUID()}`;
    const starts = [Temporal.Instant.from('2020-01-01T00:00:00Z'), Temporal.Instant.from('2026-01-12T00:00:00+08:00')];
    const tariffs = starts.map((from, index) => oracleTariff(mode, planUsageCounts, from, 1_003 * index));
    const documents = tariffs.map((tariff, index) => documentOf(tariff, tariffId, index + 1));
    await world.run((tx) => addTariffs(world.context, tx, documents));
    const account = await world.openAccount({ tariffId });
    const offer = policy && OFFERS[policy.offer];
    if (policy && offer) {
      const { threshold, perDay, perMonth } = policy;
      const guards = { purchasesPerDay: perDay, purchasesPerMonth: perMonth };
      await account.renewal({ threshold: BigInt(threshold), offerId: offer.id, ...guards });
    }
    const oracle = new AccountOracle({
      timeZone: 'Asia/Shanghai',
      defaultTemplateType: 'notification',
      tariffs,
      policy: policy && offer ? { ...policy, offer } : null,
      openedAt: START,
    });
    return new Play(account, oracle, messages);
  }

  async play({ pauseMinutes, event, isLostFirst, isRepeated }: Step): Promise<void> {
    world.pass({ minutes: pauseMinutes });
    const key = randomUUID();
    world.crashNext = isLostFirst;
    await this.#happen(event, key);
    world.crashNext = false;
    // Who got no answer sends the same again.
    if (isRepeated && event.type !== 'buy') await this.#happen(event, key, false);
  }

  async #happen(event: Event, key: string, isFirst = true): Promise<void> {
    const now = world.clock.now();
    const account = this.#account;
    const oracle = this.#oracle;
    if (event.type === 'report') {
      const reports = event.said.map((each) => this.#reportOf(each));
      for (const batch of cut(reports, event.cuts)) await account.meter(batch);
      for (const report of reports) oracle.report(report, now);
    } else if (event.type === 'recharge') {
      await account.recharge(decimal(event.micro), key);
      if (isFirst) oracle.recharge(event.micro, now);
    } else if (event.type === 'withdraw') {
      const { micro, mayOverdraw } = event;
      const taken = await isDone('withdrawal_too_large', () => account.withdraw(decimal(micro), key, mayOverdraw));
      if (isFirst) expect(taken).toBe(oracle.withdraw(micro, mayOverdraw, now));
    } else if (event.type === 'grant') {
      const offer = OFFERS[event.offer];
      if (!offer) return;
      await account.grant(offer.id, key);
      if (isFirst) oracle.grant(offer, now);
    } else if (event.type === 'buy') {
      const offer = OFFERS[event.offer];
      if (offer) expect(await this.#buy(offer.id, key)).toBe(oracle.buy(offer, now));
    } else if (event.type === 'refund') {
      const isDone = await this.#refund(event.plan);
      if (isFirst) expect(isDone).toBe(oracle.refund(event.plan, now));
    } else if (event.type === 'review') {
      while (await account.review());
      oracle.review(now);
    } else {
      while ((await world.run((tx) => closeBill(world.context, tx, account.id))) !== null);
      oracle.closeBills(now);
    }
  }

  #reportOf({ message, kind }: Said): UsageReport {
    const { country, templateType, segments, hoursAgo, outcome } = this.#messages[message] ?? never();
    const at = this.#sentAt.get(message) ?? world.clock.now().subtract({ hours: hoursAgo });
    this.#sentAt.set(message, at);
    const other = outcome === 'failed' ? 'delivered' : 'failed';
    return {
      id: `m${message}`,
      destination: country === null ? 'mainland' : 'international',
      country,
      templateType,
      segments: kind === 'other segments' ? segments + 1 : segments,
      status: kind === 'submitted' ? 'submitted' : kind === 'other outcome' ? other : outcome,
      at,
    };
  }

  async #buy(offerId: string, key: string): Promise<boolean> {
    const { context } = world;
    return isDone(/^(insufficient_balance|offer_not_sold)$/, () =>
      world.run(async (tx) => {
        const quoted = await quote(context, tx, this.#account.id, { offerId, renewal: null });
        const account = await lockAccount(tx, this.#account.id);
        await assertPurchase(tx, account, quoted);
        await purchase(context, tx, account, quoted, { key, by: ADMIN });
      }),
    );
  }

  /** The plan of this number, in the order in which they were added. */
  async #refund(number: number): Promise<boolean> {
    const plan = (await this.#account.plans())[number];
    if (!plan) return false;
    const input = { accountId: this.#account.id, planId: plan.plan_id, reason: null, by: 'operator' };
    let isNew = false;
    const isAllowed = await isDone(/^plan_(used|expired)$/, async () => {
      ({ isNew } = await world.run((tx) => refundPlan(world.context, tx, input)));
    });
    return isAllowed && isNew;
  }

  /** Fails where the account is not what the oracle says, to the micro-unit. */
  async expectSame(): Promise<void> {
    const { id } = this.#account;
    const oracle = this.#oracle;
    expect((await this.#account.read()).money.balance).toBe(BigInt(oracle.balance));
    expect((await this.#account.plans()).map(({ remaining }) => Number(remaining))).toEqual(oracle.left);
    expect(await monthsOf(db, id)).toEqual(oracle.months);
    expect((await listBills(db.kysely, id)).map(asOracleSees)).toEqual(oracle.bills);
    await expectBooksRight(db, id);
    expect(await findDifferences(db.kysely, id)).toEqual([]);
  }
}

function asOracleSees({ month, figures }: Awaited<ReturnType<typeof listBills>>[number]): OracleBill {
  const { payg, corrections, ...others } = figures;
  const exact = { ...others, usage: payg + corrections };
  const numbers = Object.fromEntries(Object.entries(exact).map(([name, micro]) => [name, Number(micro)]));
  return { month, ...(numbers as Omit<OracleBill, 'month'>) };
}

async function isDone(refusal: string | RegExp, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof RuleError && new RegExp(refusal).test(error.code)) return false;
    throw error;
  }
}

function decimal(micro: number): string {
  return (micro / 1_000_000).toFixed(6);
}

function never(): never {
  throw new RangeError('there is no such message');
}

describe('an account against the oracle (rules 1 to 15)', () => {
  test.each([
    ['whatever happens over months', LONG],
    ['whatever auto-renewal meets', RENEWING],
  ])(
    'property: %s, in whatever batches, repeated or lost before its commit, the account comes to what the oracle says',
    async (_, flavour) => {
      await fc.assert(
        fc.asyncProperty(histories(flavour), async (history) => {
          const play = await Play.begin(history);
          for (const each of history.steps) await play.play(each);
          await play.expectSame();
        }),
        { numRuns: 12, endOnFailure: true },
      );
    },
  );
});
