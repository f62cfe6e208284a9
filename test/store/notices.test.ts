import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import {
  type LeasedNotice,
  leaseDueNotices,
  type NoticeResult,
  nextNoticeAt,
  recordResults,
} from '../../src/store/notice-queue.ts';
import { insertNotice, type NewNotice, NO_ACCOUNT } from '../../src/store/notices.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();

afterEach(async () => {
  await db.kysely.deleteFrom('notices').execute();
});

function queue(overrides: Partial<NewNotice> = {}, now = NOW): Promise<boolean> {
  return inTransaction(db, (tx) =>
    insertNotice(
      tx,
      {
        accountId: NO_ACCOUNT,
        key: randomUUID(),
        reason: 'test',
        recipient: 'corp/group',
        target: { type: 'group', conversationId: 'group', directTo: [] },
        content: { title: '', markdown: '', buttons: [], hint: '', mentions: [] },
        outTrackId: null,
        ...overrides,
      },
      now,
    ),
  );
}

const leaseUntil = NOW.add({ seconds: 120 });

async function lease(now = NOW, limit = 16): Promise<LeasedNotice[]> {
  const parcels = await leaseDueNotices(db.kysely, now, { limit, leaseUntil: now.add({ seconds: 120 }) });
  return parcels.map(({ leader }) => leader);
}

const finish = (notice: LeasedNotice, result: NoticeResult, now: Temporal.Instant) =>
  recordResults(db.kysely, [{ notice, result }], now);

const keys = (notices: readonly LeasedNotice[]) => notices.map(({ key }) => key).toSorted();

describe('queued notices (rule 22)', () => {
  test('given the same key again, then it is the same notice', async () => {
    expect(await queue({ key: 'a' })).toBe(true);
    expect(await queue({ key: 'a' })).toBe(false);
    expect(keys(await lease())).toEqual(['a']);
  });

  test('given several for one recipient, then they are leased one after the other, in the order of the queue, also where it is of a replica whose clock is a second behind', async () => {
    await queue({ key: 'a' });
    await queue({ key: 'b' });
    await queue({ key: 'c' }, NOW.subtract({ seconds: 1 }));
    await queue({ key: 'd' }, NOW.subtract({ milliseconds: 500 }));
    await queue({ key: 'other', recipient: 'corp/other' }, NOW.subtract({ seconds: 1 }));
    for (const key of ['a', 'b', 'c', 'd']) {
      const first = (await lease()).find(({ recipient }) => recipient !== 'corp/other');
      expect(first?.key).toBe(key);
      expect(await lease()).toEqual([]);
      if (first) await finish(first, { state: 'delivered', form: 'card' }, NOW);
    }
  });

  test('given one that waits for its next attempt, then those behind it wait too, and other recipients do not', async () => {
    await queue({ key: 'a' });
    await queue({ key: 'b' });
    const [first] = await lease();
    const nextAttemptAt = NOW.add({ seconds: 30 });
    if (first)
      await finish(first, { state: 'waiting', form: 'card', error: 'x', nextAttemptAt, standsAside: false }, NOW);
    await queue({ key: 'other', recipient: 'corp/other' });
    expect(keys(await lease())).toEqual(['other']);
    expect(await lease(nextAttemptAt.subtract({ milliseconds: 1 }))).toEqual([]);
    expect(await lease(nextAttemptAt)).toMatchObject([{ key: 'a', form: 'card', attempts: 2 }]);
  });

  test('rule 21: given one that is held back, then those behind it do not wait for it; when its time has come, it is the first again', async () => {
    const until = NOW.add({ hours: 9 });
    await queue({ key: 'held', heldUntil: until });
    await queue({ key: 'critical' });
    expect(await nextNoticeAt(db.kysely, NOW)).toEqual(NOW);
    const [critical] = await lease();
    expect(critical?.key).toBe('critical');
    if (critical) await finish(critical, { state: 'delivered', form: 'card' }, NOW);
    expect(await lease(until.subtract({ seconds: 1 }))).toEqual([]);
    expect(await nextNoticeAt(db.kysely, NOW)).toEqual(until);
    await queue({ key: 'later' }, until);
    expect(keys(await lease(until))).toEqual(['held']);
  });

  test('rule 21: given one that was held back and fails when its time has come, then it is what the next time is of, not one behind it that was due before', async () => {
    const until = NOW.add({ minutes: 30 });
    await queue({ key: 'held', heldUntil: until });
    await queue({ key: 'behind' }, NOW.add({ minutes: 1 }));
    const [behind] = await lease(NOW.add({ minutes: 29 }));
    const justBefore = until.subtract({ seconds: 1 });
    if (behind)
      await finish(
        behind,
        { state: 'waiting', form: 'card', error: 'x', nextAttemptAt: justBefore, standsAside: false },
        justBefore,
      );
    expect(await nextNoticeAt(db.kysely, NOW)).toEqual(justBefore);

    const [held] = await lease(until);
    expect(held?.key).toBe('held');
    const nextAttemptAt = until.add({ minutes: 15 });
    if (held)
      await finish(held, { state: 'waiting', form: 'card', error: 'x', nextAttemptAt, standsAside: false }, until);
    const now = until.add({ minutes: 1 });
    expect(await lease(now)).toEqual([]);
    expect(await nextNoticeAt(db.kysely, now)).toEqual(nextAttemptAt);
  });

  test('given a dead one, then those behind it go on', async () => {
    await queue({ key: 'a' });
    await queue({ key: 'b' });
    const [first] = await lease();
    if (first) await finish(first, { state: 'dead', error: 'gone' }, NOW);
    expect(keys(await lease())).toEqual(['b']);
    const rows = await db.kysely.selectFrom('notices').selectAll().where('key', '=', 'a').execute();
    expect(rows).toMatchObject([{ state: 'dead', last_error: 'gone', finished_at: NOW }]);
  });

  test('given leases by many replicas at once, then each notice is leased once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => queue({ key: `k${n}`, recipient: `r${n % 7}` })));
    const leased = await Promise.all(Array.from({ length: 8 }, () => lease()));
    const all = leased.flat();
    expect(new Set(all.map(({ recipient }) => recipient)).size).toBe(7);
    expect(all).toHaveLength(7);
  });

  test('given a notice that another replica is leasing at this moment, then the others are leased without waiting for it', async () => {
    await queue({ key: 'held' });
    await queue({ key: 'free', recipient: 'corp/other' });
    await inTransaction(db, async (tx) => {
      await tx.selectFrom('notices').select('key').where('key', '=', 'held').forUpdate().execute();
      expect(keys(await lease())).toEqual(['free']);
    });
  });

  test('given more recipients than the limit, then the oldest come first', async () => {
    await queue({ key: 'new', recipient: 'r1' }, NOW);
    await queue({ key: 'old', recipient: 'r2' }, NOW.subtract({ hours: 1 }));
    expect(keys(await lease(NOW, 1))).toEqual(['old']);
  });

  test('given a lease that a process left behind, then it is free when it runs out, and the late result of the first counts no more', async () => {
    await queue({ key: 'a' });
    const [lost] = await lease();
    expect(await lease(leaseUntil.subtract({ milliseconds: 1 }))).toEqual([]);
    const [taken] = await lease(leaseUntil);
    expect(taken).toMatchObject({ key: 'a', attempts: 2 });
    if (lost) await finish(lost, { state: 'dead', error: 'late' }, leaseUntil);
    expect(await db.kysely.selectFrom('notices').select(['state', 'lease_id']).execute()).toEqual([
      { state: 'waiting', lease_id: taken?.leaseId },
    ]);
    if (taken) await finish(taken, { state: 'delivered', form: 'card' }, leaseUntil);
    const rows = await db.kysely.selectFrom('notices').select(['state', 'last_error']).execute();
    expect(rows).toEqual([{ state: 'delivered', last_error: null }]);
  });

  test('given what waits, then the next time is that of the first of each recipient, and the end of a lease counts', async () => {
    expect(await nextNoticeAt(db.kysely, NOW)).toBeNull();
    await queue({ key: 'a' });
    await queue({ key: 'b' });
    expect(await nextNoticeAt(db.kysely, NOW)).toEqual(NOW);
    const [first] = await lease();
    expect(await nextNoticeAt(db.kysely, NOW)).toEqual(leaseUntil);
    const nextAttemptAt = NOW.add({ hours: 1 });
    if (first)
      await finish(first, { state: 'waiting', form: 'card', error: 'x', nextAttemptAt, standsAside: false }, NOW);
    expect(await nextNoticeAt(db.kysely, NOW)).toEqual(nextAttemptAt);
  });
});
