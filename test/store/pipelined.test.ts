import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { inTransaction, openDatabase } from '../../src/store/database.ts';
import type { Tx } from '../../src/store/schema.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db, url } = await createTestDatabase();

const value = async (tx: Tx, number: number) =>
  (await sql<{ value: number }>`select ${number}::int as value`.execute(tx)).rows[0]?.value;

describe('statements of one transaction that do not wait for each other', () => {
  it('given a connection that is slow to answer, then the second is sent before the first has come back', async () => {
    const address = new URL(url);
    const proxy = await TcpProxy.start(address.hostname, Number(address.port || 5432));
    address.port = String(proxy.port);
    const slow = openDatabase({ url: address.href, logger: createLogger({ level: 'silent', name: 'test' }) });
    try {
      const isSecondSent = proxy.sent('second statement');
      await inTransaction(slow, async (tx) => {
        proxy.holdAnswers();
        const both = Promise.all([
          sql`select 1 -- first statement`.execute(tx),
          sql`select 2 -- second statement`.execute(tx),
        ]);
        await isSecondSent;
        proxy.releaseAnswers();
        await both;
      });
    } finally {
      await slow.close();
      await proxy.stop();
    }
  });

  it('given many at once, then each has its own result, and they are carried out in their order', async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(await inTransaction(db, (tx) => Promise.all(numbers.map((number) => value(tx, number))))).toEqual(numbers);
    const counted = await inTransaction(db, async (tx) => {
      await sql`create temporary table seen (number int) on commit drop`.execute(tx);
      const [, first, , second] = await Promise.all([
        sql`insert into seen values (1)`.execute(tx),
        sql<{ count: bigint }>`select count(*) from seen`.execute(tx),
        sql`insert into seen values (2)`.execute(tx),
        sql<{ count: bigint }>`select count(*) from seen`.execute(tx),
      ]);
      return [first, second].map(({ rows }) => Number(rows[0]?.count));
    });
    expect(counted).toEqual([1, 2]);
  });

  it('given one that fails, then nothing of the transaction is saved, and the connection works on', async () => {
    const failing = inTransaction(db, (tx) =>
      Promise.all([
        sql`insert into inbox (corp_id, message_id, received_at) values ('pipelined', 'one', now())`.execute(tx),
        sql`select 1 / 0`.execute(tx),
        sql`insert into inbox (corp_id, message_id, received_at) values ('pipelined', 'two', now())`.execute(tx),
      ]),
    );
    await expect(failing).rejects.toThrow('division by zero');
    const { rows } = await sql`select 1 from inbox where corp_id = 'pipelined'`.execute(db.kysely);
    expect(rows).toEqual([]);
    expect(await inTransaction(db, (tx) => value(tx, 7))).toBe(7);
  });

  it('given a transaction that has ended, then nothing more can be said in it', async () => {
    let kept: Tx | undefined;
    await inTransaction(db, async (tx) => {
      kept = tx;
    });
    if (!kept) throw new Error('there was no transaction');
    await expect(value(kept, 1)).rejects.toThrow('already committed');
  });
});
