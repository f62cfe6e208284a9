import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { ALWAYS } from '../../src/domain/offer.ts';
import { createApiKey, revokeApiKey } from '../../src/services/api-keys.ts';
import { pauseSending, resumeSending, setLimit } from '../../src/services/limits.ts';
import { addPlan } from '../../src/services/plans.ts';
import { readSendingState, sendingJson } from '../../src/services/sending.ts';
import { lockAccount } from '../../src/store/accounts.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';
import type { Tx } from '../../src/store/schema.ts';
import { aRecord, bearer, createHttpHarness } from './harness.ts';

const http = await createHttpHarness();

async function ask(key: string): Promise<Record<string, unknown>> {
  return (await http.app.inject({ url: '/v1/sending', headers: bearer(key) })).json();
}

function report(key: string, segments: number) {
  const records = [aRecord({ segments, templateType: 'notification' })];
  return http.app.inject({ method: 'POST', url: '/v1/usage', headers: bearer(key), payload: { records } });
}

const BY = { by: 'zhangwei', byName: '张伟' };

describe('GET /v1/sending', () => {
  test('given a cap and a pause, then each reason is named, the gravest one first, and the answer is what the use case says', async () => {
    const { id, key } = await http.account();
    const change = (work: (tx: Tx) => Promise<unknown>) => inTransaction(http.db, work);
    await change(async (tx) =>
      setLimit(http.context, tx, await lockAccount(tx, id), {
        key: { period: 'day', unit: 'segments' },
        after: { stop: 10n, warn: null },
        ...BY,
      }),
    );
    await report(key, 9);
    expect(await ask(key)).toMatchObject({ sending: 'allowed', reasons: [] });
    await report(key, 1);
    expect(await ask(key)).toMatchObject({ sending: 'capped', reasons: ['capped'] });
    await change(async (tx) => pauseSending(http.context, tx, await lockAccount(tx, id), BY));
    expect(await ask(key)).toMatchObject({ sending: 'paused', reasons: ['paused', 'capped'] });
    await change(async (tx) =>
      resumeSending(http.context, tx, await lockAccount(tx, id), { pause: true, caps: [] }, BY),
    );
    expect(await ask(key)).toMatchObject({ sending: 'capped', reasons: ['capped'] });
    expect(await ask(key)).toEqual(sendingJson(await readSendingState(http.context, http.db.kysely, id)));
  });

  test('given plans that begin later, have expired or are used up, then the quota is what covers a message sent now', async () => {
    const { id, key } = await http.account();
    const offer = {
      id: 'o',
      version: 1,
      effectiveFrom: ALWAYS,
      title: 'o',
      price: 0n,
      currency: 'CNY',
      validityMonths: 1,
      renewalDiscountBp: 0,
    };
    await inTransaction(http.db, async (tx) => {
      const account = await lockAccount(tx, id);
      for (const [name, segments] of [
        ['now', 100n],
        ['expired', 200n],
        ['later', 400n],
      ] as const) {
        await addPlan(http.context, tx, account, {
          source: 'grant',
          offer: { ...offer, segments },
          price: 0n,
          key: name,
          by: 'test',
        });
      }
      await sql`update plans set expires_at = ${http.clock.now()}, effective_at = ${http.clock.now().subtract({ hours: 1 })}
        where account_id = ${id} and key = 'expired'`.execute(tx);
      await sql`update plans set effective_at = ${http.clock.now().add({ seconds: 1 })}
        where account_id = ${id} and key = 'later'`.execute(tx);
    });
    expect(await ask(key)).toMatchObject({ quota: 100 });
  });

  test('given a key that worked a moment ago, when it is revoked, then the very next request is refused', async () => {
    const { id, key } = await http.account();
    const other = await inTransaction(http.db, (tx) => createApiKey(http.context, tx, id, 'other'));
    expect(await ask(key)).toMatchObject({ sending: 'allowed' });
    await inTransaction(http.db, (tx) => revokeApiKey(http.context, tx, id, 'gateway'));
    expect(await ask(key)).toMatchObject({ error: { code: 'key_unknown' } });
    expect(await ask(other)).toMatchObject({ sending: 'allowed' });
  });

  test('given a key with a wrong secret, then it is refused', async () => {
    const { key } = await http.account();
    const wrong = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
    expect(await ask(wrong)).toMatchObject({ error: { code: 'key_unknown' } });
  });

  test('given all connections are busy with metering and more waits, then it answers all the same', async () => {
    const { key } = await http.account();
    const release = Promise.withResolvers<void>();
    const busy = holdAllConnections(http.db, release.promise);
    await busy.held;
    expect(await ask(key)).toMatchObject({ sending: 'allowed' });
    release.resolve();
    await busy.done;
  });

  test('given its connections were cut, then the next request is answered', async () => {
    const { key } = await http.account();
    await ask(key);
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`
      .execute(http.db.kysely)
      .catch(() => undefined);
    expect(await ask(key)).toMatchObject({ sending: 'allowed' });
  });
});

/** Takes as many connections as the pool has, until it may let go of them. */
function holdAllConnections(db: Database, until: Promise<void>) {
  const held: PromiseWithResolvers<void>[] = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
  const done = held.map(({ resolve }) =>
    inTransaction(db, async (tx) => {
      await sql`select 1`.execute(tx);
      resolve();
      await until;
    }),
  );
  return { held: Promise.all(held.map(({ promise }) => promise)), done: Promise.all(done) };
}
