import { sql } from 'kysely';
import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { ReconciliationJob } from '../../src/jobs/reconciliation-job.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { at } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let account: TestAccount;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  account = await world.openAccount();
  await account.recharge('10');
});

function aJob(): { job: ReconciliationJob; logged: Record<string, unknown>[] } {
  const logged: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
  return { job: new ReconciliationJob({ db, context: world.context, logger, onTold: () => {} }), logged };
}

const outcomes = async () =>
  (await db.kysely.selectFrom('job_runs').select(['slot', 'outcome']).orderBy('slot').execute()).map(
    ({ slot, outcome }) => [slot?.toString(), outcome],
  );

describe('the nightly reconciliation (rule 8)', () => {
  test('given a night in China, then one replica looks, once, and finds nothing', async () => {
    world.clock.set(at('2026-03-11T04:00'));
    const { job, logged } = aJob();
    expect(await job.nextDueAt()).toEqual(at('2026-03-11T03:30'));
    await Promise.all([job.run(), aJob().job.run()]);
    expect(await job.nextDueAt()).toEqual(at('2026-03-12T03:30'));
    expect(await outcomes()).toEqual([['2026-03-10T19:30:00Z', 'found 0 differences']]);
    expect(logged).toEqual([]);
  });

  test('given what is due already, then the next slot is the one after it', async () => {
    world.clock.set(at('2026-03-12T04:00'));
    const { job } = aJob();
    expect(await job.nextDueAt(world.clock.now())).toEqual(at('2026-03-13T03:30'));
    expect(await job.nextDueAt()).toEqual(at('2026-03-12T03:30'));
  });

  test('given nights that were missed and a balance that is wrong, then it is looked once, and the difference is an error', async () => {
    await sql`update accounts set balance = 7 where account_id = ${account.id}`.execute(db.kysely);
    world.clock.set(at('2026-03-20T12:00'));
    const { job, logged } = aJob();
    await job.run();
    await job.run();
    expect(logged).toMatchObject([
      {
        level: 50,
        code: 'books_differ',
        account: account.id,
        figure: 'balance',
        unit: 'CNY',
        stored: '7',
        derived: '10000000',
      },
    ]);
    expect((await outcomes()).at(-1)).toEqual(['2026-03-19T19:30:00Z', 'found 1 differences']);
  });
});
