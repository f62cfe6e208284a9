import fc from 'fast-check';
import { type Insertable, type Kysely, sql } from 'kysely';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type Database, type DatabaseOptions, inTransaction, openDatabase } from '../../src/store/database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { createTestDatabase } from '../support/test-database.ts';

interface Tables {
  effects: { name: string; at: Temporal.Instant | null };
}

const { url } = await createTestDatabase({ empty: true });
const logger = createLogger({ level: 'silent' });
const direct = openDatabase<Tables>({ url, logger });
afterAll(() => direct.close());
await sql`create table effects (name text not null, at timestamptz, unique (name) deferrable initially deferred)`.execute(
  direct.kysely,
);

beforeEach(async () => {
  await direct.kysely.deleteFrom('effects').execute();
});

describe('values', () => {
  test('given values of every kind, when they are read, then nothing of them is lost', async () => {
    const { rows } = await sql`select
      9223372036854775807::int8 as int8, '{1,null,-9223372036854775808}'::int8[] as int8s,
      '2026-03-01 08:00:00.000001+08'::timestamptz as at, '{"2026-03-01 00:00:00+00",null}'::timestamptz[] as ats,
      '2026-03-01'::date as day, '{2026-03-01}'::date[] as days, '2026-03-01 01:02:03'::timestamptz::date::text as zone,
      0.10::numeric as exact, '{0.10}'::numeric[] as exacts, '{"a":[1]}'::jsonb as json`.execute(direct.kysely);
    expect(rows).toEqual([
      {
        int8: 9223372036854775807n,
        int8s: [1n, null, -9223372036854775808n],
        at: Temporal.Instant.from('2026-03-01T00:00:00.000001Z'),
        ats: [Temporal.Instant.from('2026-03-01T00:00:00Z'), null],
        day: '2026-03-01',
        days: ['2026-03-01'],
        zone: '2026-03-01',
        exact: '0.10',
        exacts: ['0.10'],
        json: { a: [1] },
      },
    ]);
  });

  test('given any instant and any bigint, when they are sent, alone or in arrays, then they come back the same', async () => {
    const instants = fc
      .bigInt({ min: -2_000_000_000_000_000n, max: 10_000_000_000_000_000n })
      .map((microseconds) => Temporal.Instant.fromEpochNanoseconds(microseconds * 1_000n));
    const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(instants)),
        fc.array(integers),
        instants,
        integers,
        async (ats, ns, at, n) => {
          const { rows } = await sql`select ${ats}::timestamptz[] as ats, ${ns}::int8[] as ns,
          ${at}::timestamptz as at, ${n}::int8 as n`.execute(direct.kysely);
          expect(rows).toEqual([{ ats, ns, at, n }]);
        },
      ),
    );
  });

  test('given an instant finer than a microsecond, when it is sent, then it is cut off and never lies in the future', async () => {
    const at = Temporal.Instant.from('2026-03-01T00:00:00.123456999Z');
    const { rows } = await sql<{ at: Temporal.Instant }>`select ${at}::timestamptz as at`.execute(direct.kysely);
    expect(rows[0]?.at.toString()).toBe('2026-03-01T00:00:00.123456Z');
  });

  test('given a server set to another zone and style, when instants are read, then they are the same', async () => {
    await sql.raw(`alter database ${new URL(url).pathname.slice(1)} set datestyle to 'German'`).execute(direct.kysely);
    await sql
      .raw(`alter database ${new URL(url).pathname.slice(1)} set timezone to 'Asia/Shanghai'`)
      .execute(direct.kysely);
    const { rows } = await sql`select '2026-03-01T00:00:00Z'::timestamptz as at`.execute(open().kysely);
    expect(rows).toEqual([{ at: Temporal.Instant.from('2026-03-01T00:00:00Z') }]);
  });

  test('given a value that cannot be sent, when it is, then that is the error and the database goes on working', async () => {
    await expect(sql`select ${{ amount: 1n }}::jsonb`.execute(direct.kysely)).rejects.toThrow(TypeError);
    expect((await sql`select 1 as up`.execute(direct.kysely)).rows).toEqual([{ up: 1 }]);
  });
});

describe('inTransaction', () => {
  test('given work that succeeds, then all of it is there; given work that throws, then nothing and the same error', async () => {
    expect(await inTransaction(direct, (trx) => add(trx, 'kept').then(() => 'result'))).toBe('result');
    const error = new Error('no');
    const failing = inTransaction(direct, async (trx) => {
      await add(trx, 'dropped');
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(await effects()).toEqual(['kept']);
  });

  test('given two transactions that wait for each other, then both take effect once', async () => {
    await direct.kysely
      .insertInto('effects')
      .values([effect('left'), effect('right')])
      .execute();
    let runs = 0;
    const bothHoldOne = Promise.withResolvers<void>();
    const lockBoth = (first: string, second: string): Promise<void> =>
      inTransaction(direct, async (trx) => {
        await sql`set local deadlock_timeout = '20ms'`.execute(trx);
        await trx.updateTable('effects').set({ at: null }).where('name', '=', first).execute();
        if (++runs === 2) bothHoldOne.resolve();
        await bothHoldOne.promise;
        await trx.updateTable('effects').set({ at: null }).where('name', '=', second).execute();
        await add(trx, `${first} then ${second}`);
      });
    await Promise.all([lockBoth('left', 'right'), lockBoth('right', 'left')]);
    expect(runs).toBe(3);
    expect(await effects()).toEqual(['left', 'left then right', 'right', 'right then left']);
  });

  test('given a conflict that never ends, then it is given up after six attempts, with the conflict as the error', async () => {
    let runs = 0;
    const conflict = inTransaction(direct, async (trx) => {
      runs++;
      await sql`do $$ begin raise exception 'conflict' using errcode = '40001'; end $$`.execute(trx);
    });
    await expect(conflict).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(6);
  });

  test('given a statement that breaks a rule, then it is not tried again', async () => {
    let runs = 0;
    const broken = inTransaction(direct, async (trx) => {
      runs++;
      await sql`insert into effects (name) values (null)`.execute(trx);
    });
    await expect(broken).rejects.toMatchObject({ code: '23502' });
    expect(runs).toBe(1);
  });

  test('given a rule that is checked at the commit, when it is broken, then that is the error and nothing is saved', async () => {
    const twice = inTransaction(direct, async (trx) => {
      await add(trx, 'twin');
      await add(trx, 'twin');
    });
    await expect(twice).rejects.toMatchObject({ code: '23505' });
    expect(await effects()).toEqual([]);
  });

  test('given work that goes on after a failed statement, then it is told that nothing was saved', async () => {
    const swallowing = inTransaction(direct, async (trx) => {
      await add(trx, 'lost');
      await sql`select 1/0`.execute(trx).catch(() => undefined);
    });
    await expect(swallowing).rejects.toMatchObject({ code: 'transaction_aborted' });
    expect(await effects()).toEqual([]);
  });

  test('given a server that ends the connection during the work, then the work is done again, with one effect', async () => {
    let runs = 0;
    await inTransaction(direct, async (trx) => {
      await add(trx, 'once');
      if (++runs === 1) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(trx);
    });
    expect(runs).toBe(2);
    expect(await effects()).toEqual(['once']);
  });

  test('given a connection that broke before the commit could be sent, then the work is done again, with one effect', async () => {
    const { db, proxy } = await openThroughProxy();
    let runs = 0;
    await inTransaction(db, async (trx) => {
      await add(trx, 'once');
      if (++runs > 1) return;
      proxy.strikeAt('select 2', 'cut before');
      await sql`select 2`.execute(trx).catch(() => undefined);
    });
    expect(proxy.struck).toBe(1);
    expect(runs).toBe(2);
    expect(await effects()).toEqual(['once']);
  });

  test.each([
    { fault: 'cut after' as const, saved: ['unsure'] },
    { fault: 'cut before' as const, saved: [] },
  ])(
    'given a commit whose answer is lost ($fault), then that is said, and the work is not done again',
    async ({ fault, saved }) => {
      const { db, proxy } = await openThroughProxy();
      let runs = 0;
      const unsure = inTransaction(db, async (trx) => {
        runs++;
        await add(trx, 'unsure');
        proxy.strikeAt('commit', fault);
      });
      await expect(unsure).rejects.toMatchObject({ name: 'StoreError', code: 'commit_unknown' });
      expect(runs).toBe(1);
      expect(await effects()).toEqual(saved);
      // The broken connection is not used again.
      await inTransaction(db, (trx) => add(trx, 'next'));
    },
  );

  test('given a connection that goes silent, then it is noticed, thrown away, and the work done again', async () => {
    const { db, proxy } = await openThroughProxy({ timeOuts: { statement: 1_000, silence: 100 } });
    let runs = 0;
    await inTransaction(db, async (trx) => {
      if (++runs === 1) proxy.strikeAt('insert into', 'silence');
      await add(trx, 'once');
    });
    expect(runs).toBe(2);
    expect(await effects()).toEqual(['once']);
  });
});

describe('the pool', () => {
  test('given an idle connection that the server ends, then it is reported and replaced', async () => {
    const listening = createLogger({ level: 'silent' });
    const reported = Promise.withResolvers<unknown>();
    listening.warn = (_details: unknown, message?: string) => reported.resolve(message);
    const db = open({ logger: listening, maxConnections: 1 });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db.kysely);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(direct.kysely);
    expect(await reported.promise).toBe('an idle database connection was lost');
    expect((await sql`select 1 as up`.execute(db.kysely)).rows).toEqual([{ up: 1 }]);
  });

  test('given that all connections are in use for too long, then it is said that the database is busy', async () => {
    const db = open({ maxConnections: 1, timeOuts: { connect: 500 } });
    const held = Promise.withResolvers<void>();
    const holding = inTransaction(db, () => held.promise);
    await expect(sql`select 1`.execute(db.kysely)).rejects.toMatchObject({ code: 'database_busy' });
    held.resolve();
    await holding;
  });

  test('given a statement or a wait that takes too long, then it ends with an error of its own', async () => {
    const db = open({ timeOuts: { statement: 300, lock: 20 } });
    await expect(sql`select pg_sleep(60)`.execute(db.kysely)).rejects.toMatchObject({ code: '57014' });
    await inTransaction(direct, async (trx) => {
      await sql`lock table effects`.execute(trx);
      await expect(inTransaction(db, (other) => add(other, 'late'))).rejects.toMatchObject({ code: '55P03' });
    });
    const patient = db.patient();
    onTestFinished(() => patient.close());
    await sql`select pg_sleep(0.4)`.execute(patient.kysely);
  });

  test('given a database that is not there, then the error says so and keeps the password to itself', async () => {
    const absent = new URL(url);
    absent.pathname = '/absent';
    const failure = await sql`select 1`.execute(open({ url: absent.href }).kysely).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'database_unreachable', message: expect.stringContaining('"absent"') });
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(absent.password);
  });
});

function open(options: Partial<DatabaseOptions> = {}): Database<Tables> {
  const db = openDatabase<Tables>({ url, logger, ...options });
  onTestFinished(() => db.close());
  return db;
}

async function openThroughProxy(
  options: Partial<DatabaseOptions> = {},
): Promise<{ db: Database<Tables>; proxy: TcpProxy }> {
  const address = new URL(url);
  const proxy = await TcpProxy.start(address.hostname, Number(address.port || 5432));
  onTestFinished(() => proxy.stop());
  address.hostname = '127.0.0.1';
  address.port = String(proxy.port);
  return { db: open({ url: address.href, ...options }), proxy };
}

const effect = (name: string): Insertable<Tables['effects']> => ({ name, at: null });

async function add(db: Kysely<Tables>, name: string): Promise<void> {
  await db.insertInto('effects').values(effect(name)).execute();
}

async function effects(): Promise<string[]> {
  const rows = await direct.kysely.selectFrom('effects').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}
