import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { meterUsage } from '../../src/services/metering.ts';
import { ConnectionLostError, codeOf } from '../../src/store/connection.ts';
import { CommitUnknownError, openDatabase } from '../../src/store/database.ts';
import { ensurePartitions } from '../../src/store/usage.ts';
import { BillingWorld, kinds } from '../support/billing-world.ts';
import { expectBooksRight } from '../support/books.ts';
import { aReport, NOW, yuan } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { url } = await createTestDatabase();
const db = openDatabase({ url, logger: pino({ level: 'silent' }) });
afterAll(() => db.close());
const world = await BillingWorld.on(db);
const killer = new pg.Client({ connectionString: url });
await killer.connect();
afterAll(() => killer.end());

/** Ends every connection but its own, whatever it is doing. */
async function killConnections(): Promise<void> {
  await killer.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
}

/** As a caller that is not told that it was done: nobody knows, or the connection was lost too often. It does the same again. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isLost = error instanceof ConnectionLostError || codeOf(error) === '57P01';
      if (!isLost && !(error instanceof CommitUnknownError)) throw error;
    }
  }
}

test('promises 3 and 4: given connections that are killed at random, when callers repeat what they are not sure of, then everything has happened once', async () => {
  world.clock.set(NOW);
  const account = await world.openAccount();
  await account.recharge('1000');
  await account.grant('sms-5000');
  await account.renewal({ threshold: 1_000n, offerId: 'sms-5000' });
  await account.review();
  await ensurePartitions(db.kysely, NOW, NOW);

  const batches = Array.from({ length: 60 }, () =>
    Array.from({ length: 20 }, () => aReport({ id: randomUUID(), segments: 5 })),
  );
  let done = 0;
  let killings = 0;
  const counted = async (work: Promise<unknown>) => {
    await work;
    done += 1;
    if (done % 12 !== 0) return;
    killings += 1;
    await killConnections();
  };
  await Promise.all([
    ...batches.map((batch) =>
      counted(untilDone(() => world.run((tx) => meterUsage(world.context, tx, account.id, batch)))),
    ),
    ...Array.from({ length: 20 }, (_, n) => counted(untilDone(() => account.recharge('1', `key-${n}`)))),
    ...Array.from({ length: 20 }, () => counted(untilDone(() => account.review()))),
  ]);
  await untilDone(() => account.review());

  expect(killings).toBe(8);
  await expectBooksRight(db, account.id);
  const plans = await account.plans();
  const renewals = plans.filter(({ source }) => source === 'renewal');
  expect(renewals).toHaveLength(1);
  // Whether the last 1,000 of 6,000 segments found the new plan depends on when it was bought.
  const paid = 6_000n - plans.reduce((sum, plan) => sum + plan.total - plan.remaining, 0n);
  expect(paid).toBeLessThanOrEqual(1_000n);
  const spent = yuan('170') + paid * (paid > 500n ? yuan('0.040') : yuan('0.045'));
  expect((await account.read()).money.balance).toBe(yuan('1020') - spent);
  const told = kinds(await account.told());
  expect(told.filter((kind) => kind === 'renewed')).toHaveLength(1);
  expect(told.filter((kind) => kind === 'recharged')).toHaveLength(21);
  expect(told.filter((kind) => kind === 'quota_low').length).toBeLessThanOrEqual(2);
});
