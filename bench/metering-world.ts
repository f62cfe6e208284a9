import { randomUUID } from 'node:crypto';
import { ManualClock } from '../src/clock.ts';
import { ALWAYS } from '../src/domain/offer.ts';
import { TEMPLATE_TYPES, type UsageReport } from '../src/domain/usage.ts';
import { Intake } from '../src/http/intake.ts';
import { createAccount, recharge } from '../src/services/accounts.ts';
import type { ServiceContext } from '../src/services/context.ts';
import { PastIds } from '../src/services/past-ids.ts';
import { grantPlan } from '../src/services/plans.ts';
import { sealMonths } from '../src/services/sealing.ts';
import { type Database, inTransaction } from '../src/store/database.ts';
import { insertOffers } from '../src/store/plans.ts';
import { insertTariff, type TariffDocument } from '../src/store/tariffs.ts';
import { ensurePartitions } from '../src/store/usage.ts';
import { PLAIN_TARIFF } from './tariff.ts';

export const BATCH = 1_000;
export const NOW = Temporal.Instant.from('2026-03-15T04:00:00Z');
/** Gateways that report at the same time. */
const CALLERS = 8;

/** What one account reports at once. */
export interface Batch {
  readonly accountId: string;
  readonly reports: readonly UsageReport[];
}

const tiers = [
  { upTo: 100_000, price: '0.045' },
  { upTo: 300_000, price: '0.040' },
  { upTo: null, price: '0.039' },
];

/** A price list of ordinary tiers, without a price for any country but Hong Kong. */
export const TARIFF: TariffDocument = {
  ...PLAIN_TARIFF,
  mainland: { verification: tiers, notification: tiers, promotion: tiers },
  international: { HK: '0.39' },
};

/** A database with a catalogue, and the ways in which usage reaches it. */
export class MeteringWorld {
  readonly db: Database;
  readonly clock = new ManualClock(NOW);
  readonly context: ServiceContext = {
    clock: this.clock,
    compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
    pastIds: new PastIds(),
  };
  readonly #intake: Intake;

  constructor(db: Database) {
    this.db = db;
    this.#intake = new Intake({ db, context: this.context, onReviewDue: () => {} });
  }

  async setUp(tariffs: readonly TariffDocument[] = [TARIFF]): Promise<this> {
    await ensurePartitions(this.db.kysely, NOW.subtract({ hours: 24 * 60 }), NOW);
    await inTransaction(this.db, async (tx) => {
      for (const tariff of tariffs) await insertTariff(tx, tariff, NOW);
      const offer = {
        version: 1,
        effectiveFrom: ALWAYS,
        title: 'bench',
        price: 0n,
        currency: 'CNY',
        validityMonths: 12,
        renewalDiscountBp: 0,
      };
      await insertOffers(tx, [
        { ...offer, id: 'small', segments: 50_000n },
        { ...offer, id: 'endless', segments: 1_000_000_000n },
      ]);
    });
    return this;
  }

  /** Seals the months that are over, as the housekeeping does every night; says how many. */
  seal(): Promise<number> {
    return sealMonths(this.db.kysely, NOW);
  }

  /** Accounts with money enough, and a plan where one is named. */
  openAccounts(
    count: number,
    { tariffId = TARIFF.id, plan }: { tariffId?: string; plan?: string } = {},
  ): Promise<string[]> {
    const { context } = this;
    return inTransaction(this.db, async (tx) => {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1) {
        const id = await createAccount(context, tx, {
          name: `bench ${index}`,
          tariffId,
          timeZone: 'Asia/Shanghai',
          defaultTemplateType: 'notification',
          creditLimit: 0n,
          overdueGraceHours: 0,
        });
        if (plan !== undefined)
          await grantPlan(context, tx, { accountId: id, offerId: plan, key: 'first', by: 'bench' });
        await recharge(context, tx, { accountId: id, amount: 1_000_000_000_000n, key: 'first', by: 'bench' });
        ids.push(id);
      }
      return ids;
    });
  }

  /** All that happens between a validated request and its answer. */
  readonly meter = async ({ accountId, reports }: Batch): Promise<void> => {
    await this.#intake.take(accountId, { reports, rejected: [] });
  };
}

/** How a message of the mix differs from the ordinary one. */
export type Twist = (index: number) => Partial<UsageReport>;

/** Fresh records of an ordinary mix, cut into batches, each of one account; the accounts take turns. */
export function batches(
  accounts: readonly string[],
  count: number,
  { size = BATCH, twist = () => ({}) }: { size?: number; twist?: Twist } = {},
): Batch[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
    accountId: accounts[index % accounts.length] ?? '',
    reports: Array.from({ length: size }, (_, i): UsageReport => {
      const isInternational = i % 20 === 7;
      return {
        id: randomUUID(),
        destination: isInternational ? 'international' : 'mainland',
        country: isInternational ? 'HK' : null,
        templateType: TEMPLATE_TYPES[i % 3] ?? 'notification',
        segments: i % 5 === 0 ? 2 : 1,
        status: i % 50 === 3 ? 'failed' : 'delivered',
        at: NOW.subtract({ seconds: (index * 37 + i * 13) % 86_400 }),
        ...twist(i),
      };
    }),
  }));
}

/** Runs the batches from several callers; records per second. */
export async function run(take: (batch: Batch) => Promise<void>, work: readonly Batch[]): Promise<number> {
  const queue = work.values();
  const start = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (const batch of queue) await take(batch);
    }),
  );
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return work.reduce((sum, batch) => sum + batch.reports.length, 0) / seconds;
}
