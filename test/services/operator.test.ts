import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createContext } from '../../src/context.ts';
import { Intake } from '../../src/http/intake.ts';
import { ReconciliationJob } from '../../src/jobs/reconciliation-job.ts';
import type { ServiceContext } from '../../src/services/context.ts';
import { tellCallBudget, tellDeadLetters, tellStreamAlarm, tellStuckNotices } from '../../src/services/operator.ts';
import { readCallMonth } from '../../src/store/call-limits.ts';
import { inTransaction } from '../../src/store/database.ts';
import { insertNotice } from '../../src/store/notices.ts';
import { aNotice } from '../notify/delivery-harness.ts';
import { BillingWorld, type TestAccount } from '../support/billing-world.ts';
import { aReport, at, NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
let world: BillingWorld;
let account: TestAccount;
let context: ServiceContext;

beforeAll(async () => {
  world = await BillingWorld.on(db);
  account = await world.openAccount({ name: 'Acme' });
  const operator = { conversationId: 'cidOperators', staffIds: ['chenjing'], language: 'en' } as const;
  context = createContext(world.clock, { operator });
});

afterEach(async () => {
  world.clock.set(NOW);
  await db.kysely.deleteFrom('notices').execute();
});

async function told() {
  const rows = await db.kysely
    .selectFrom('notices')
    .selectAll()
    .where('recipient', '=', 'operator')
    .orderBy('ordinal')
    .execute();
  return rows.map(({ account_id, reason, content, target, urgency }) => ({
    accountId: account_id,
    kind: reason,
    urgency,
    target: target as object,
    title: (content as unknown as { title: string }).title,
  }));
}

describe('usage without a price (rule 5)', () => {
  const report = (country: string) => aReport({ destination: 'international', country, at: world.clock.now() });
  const intake = () => new Intake({ db, context, onReviewDue: () => {} });

  test('rule 5: given countries that the tariff does not know, then the operator is told of each once a day', async () => {
    const take = (...countries: string[]) =>
      intake().take(account.id, { reports: countries.map(report), rejected: [] });
    await take('ZZ', 'HK', 'ZZ');
    await take('ZZ', 'YE');
    expect((await told()).map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Acme: messages to .*ZZ.* have no price and are not billed$/),
      expect.stringContaining('Yemen'),
    ]);
    world.clock.set(NOW.add({ hours: 24 }));
    await take('ZZ');
    expect(await told()).toHaveLength(3);
    expect((await told())[0]).toMatchObject({
      accountId: account.id,
      kind: 'usage_unpriced',
      urgency: 'critical',
      target: { type: 'operator', conversationId: 'cidOperators', staffIds: ['chenjing'] },
    });
  });

  test('given usage whose metering fails, then nobody is told of it', async () => {
    const unknown = '00000000-0000-4000-8000-00000000dead';
    await expect(intake().take(unknown, { reports: [report('ZZ')], rejected: [] })).rejects.toThrow();
    expect(await told()).toEqual([]);
  });
});

test('rule 8: given books that differ, then the operator is told once a night for each account', async () => {
  await db.kysely.updateTable('accounts').set({ balance: 7n }).where('account_id', '=', account.id).execute();
  world.clock.set(at('2026-03-20T12:00'));
  const job = new ReconciliationJob({ db, context, logger: pino({ level: 'silent' }), onTold: () => {} });
  await job.run();
  await job.run();
  expect(await told()).toMatchObject([
    { accountId: account.id, kind: 'books_differ', title: 'Acme: the books differ' },
  ]);
  world.clock.set(at('2026-03-21T12:00'));
  await job.run();
  expect(await told()).toHaveLength(2);
});

test('rule 22: given dead letters, then the operator is told of the first, the tenth and the hundredth of a day', async () => {
  const die = async (count: number) => {
    for (let letter = 0; letter < count; letter += 1) {
      const notice = aNotice();
      await inTransaction(db, async (tx) => {
        await insertNotice(tx, notice, world.clock.now());
        await tx
          .updateTable('notices')
          .set({ state: 'dead', finished_at: world.clock.now() })
          .where('key', '=', notice.key)
          .execute();
        await tellDeadLetters(context, tx, 'group.disbanded');
      });
    }
  };
  await die(12);
  expect((await told()).map(({ title }) => title)).toEqual([
    '1 notice reached nobody today',
    '10 notices reached nobody today',
  ]);
  world.clock.set(NOW.add({ hours: 24 }));
  await die(1);
  expect(await told()).toHaveLength(3);
});

test('rule 22: given notices that could not be said in half a day, then the operator is told once a day how many, and why', async () => {
  const stuck = async (attempts: number) => {
    const notice = aNotice();
    await inTransaction(db, async (tx) => {
      await insertNotice(tx, notice, world.clock.now());
      await tx.updateTable('notices').set({ attempts }).where('key', '=', notice.key).execute();
      await tellStuckNotices(context, tx, 60, 'system.error');
    });
  };
  await stuck(60);
  await stuck(75);
  expect((await told()).map(({ title }) => title)).toEqual(['1 notice could not be said for half a day']);
  world.clock.set(NOW.add({ hours: 24 }));
  await stuck(59);
  expect((await told()).map(({ title }) => title)).toContain('2 notices could not be said for half a day');
});

test('rule 23: given a month that runs out, then the operator is told once, and again when the platform gives no more', async () => {
  const news = { month: '2026-03', used: 80, limit: 100 };
  for (const state of ['running_out', 'running_out', 'used_up', 'used_up'] as const) {
    await inTransaction(db, (tx) => tellCallBudget(context, tx, { state, ...news }));
  }
  expect((await told()).map(({ kind }) => kind)).toEqual(['calls_running_out', 'calls_used_up']);
  expect(await readCallMonth(db.kysely, '2026-03')).toMatchObject({ warnedAt: NOW, exhaustedAt: NOW });
});

test('given an alarm of the connection, then the operator is told once a day', async () => {
  for (let time = 0; time < 2; time += 1)
    await inTransaction(db, (tx) => tellStreamAlarm(context, tx, 'quota_exhausted'));
  expect((await told()).map(({ kind }) => kind)).toEqual(['quota_exhausted']);
});
