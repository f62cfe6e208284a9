import { LIMIT_KEYS } from '../src/domain/limit.ts';
import { closeBill } from '../src/services/bills.ts';
import { setLimit } from '../src/services/limits.ts';
import { lockAccount } from '../src/store/accounts.ts';
import { inTransaction } from '../src/store/database.ts';
import { bareInsert, createBareTable } from './bare-insert.ts';
import { openBenchDatabase } from './database.ts';
import { batches, MeteringWorld, NOW, run, TARIFF, type Twist } from './metering-world.ts';
import { median, printTable, rate, ratio, round3 } from './report.ts';

const RECORDS = 60_000;
const ACCOUNTS = 100;
const CONNECTIONS = 4;
const ROUNDS = 3;

/** An ordinary mix under one rule or another; each has accounts of its own. */
interface RuleSet {
  readonly name: string;
  readonly plan?: string;
  readonly tariffId?: string;
  readonly twist?: Twist;
  /** What is done to each account first. */
  readonly prepare?: (world: MeteringWorld, accountId: string) => Promise<void>;
  /** Each batch is reported this often, as a gateway does that got no answer. */
  readonly times?: number;
}

const MAINLAND: Twist = () => ({ destination: 'mainland', country: null });
const GRADUATED = { ...TARIFF, id: 'graduated', mode: 'graduated' } as const;

const RULE_SETS: readonly RuleSet[] = [
  { name: 'plans only', plan: 'endless', twist: MAINLAND },
  { name: 'pay-as-you-go, volume', twist: MAINLAND },
  { name: 'pay-as-you-go, graduated', tariffId: GRADUATED.id, twist: MAINLAND },
  { name: 'plans, then pay-as-you-go, international', plan: 'small' },
  {
    name: 'and every tenth unpriced',
    plan: 'small',
    twist: (index) => (index % 10 === 1 ? { destination: 'international', country: 'SG' } : {}),
  },
  { name: 'and everything reported twice', plan: 'small', times: 2 },
  {
    name: 'and every tenth late, of a month whose bill is closed',
    plan: 'small',
    twist: (index) => (index % 10 === 1 ? { at: NOW.subtract({ hours: 24 * 30, seconds: index }) } : {}),
    prepare: closeLastMonth,
  },
  { name: 'and four caps, far away', plan: 'small', prepare: setCaps },
];

/** Records per second under each rule, beside the bare insert of the same rows. */
export async function ruleSetFigures(): Promise<object> {
  const { db, stop } = await openBenchDatabase(CONNECTIONS);
  try {
    const world = await new MeteringWorld(db).setUp([TARIFF, GRADUATED]);
    await world.seal();
    await createBareTable(db);
    const accounts = new Map<RuleSet, string[]>();
    for (const set of RULE_SETS) {
      const { plan, tariffId = TARIFF.id } = set;
      // Opened a month ago, so that there is a bill to close.
      world.clock.set(NOW.subtract({ hours: 24 * 60 }));
      const ids = await world.openAccounts(ACCOUNTS, { tariffId, ...(plan === undefined ? {} : { plan }) });
      world.clock.set(NOW);
      for (const id of ids) await set.prepare?.(world, id);
      accounts.set(set, ids);
    }
    const figures = new Map<string, number[]>();
    const note = (name: string, figure: number) => figures.set(name, [...(figures.get(name) ?? []), figure]);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const set of RULE_SETS) {
        const { twist = () => ({}), times = 1 } = set;
        const work = batches(accounts.get(set) ?? [], RECORDS / times, { twist });
        note(set.name, await run(world.meter, Array.from({ length: times }, () => work).flat()));
      }
      const [first] = RULE_SETS;
      const ids = (first && accounts.get(first)) ?? [];
      note('bare', await run((batch) => bareInsert(db, batch), batches(ids, RECORDS)));
    }
    const of = (name: string) => median(figures.get(name) ?? []);
    console.log();
    printTable(
      ['rule set', 'records per second', 'µs each', 'beside the bare insert'],
      [...RULE_SETS.map(({ name }) => name), 'bare'].map((name) => [
        name === 'bare' ? 'bare insert' : name,
        rate(of(name)),
        (1e6 / of(name)).toFixed(1),
        ratio(of(name) / of('bare')),
      ]),
    );
    return Object.fromEntries(RULE_SETS.map(({ name }) => [name, round3(of(name) / of('bare'))]));
  } finally {
    await stop();
  }
}

async function setCaps({ db, context }: MeteringWorld, accountId: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const account = await lockAccount(tx, accountId);
    for (const key of LIMIT_KEYS) {
      const after = { stop: 1_000_000_000_000n, warn: 999_999_999_999n };
      await setLimit(context, tx, account, { key, after, by: 'bench', byName: 'bench' });
    }
  });
}

async function closeLastMonth({ db, context }: MeteringWorld, accountId: string): Promise<void> {
  while ((await inTransaction(db, (tx) => closeBill(context, tx, accountId))) !== null);
}
