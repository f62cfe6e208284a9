import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { acceptMessage, forgetMessages } from '../../src/store/inbox.ts';
import {
  beginSlot,
  finishRun,
  forgetRuns,
  insertRun,
  keepJob,
  lastSlot,
  lockJob,
  readLastRuns,
  unlockJob,
} from '../../src/store/job-runs.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();

describe('the inbox (promise 1)', () => {
  function accept(messageId: string, corpId = 'corp', now = NOW) {
    return inTransaction(db, (tx) => acceptMessage(tx, { corpId, messageId }, now));
  }

  test('given a message, then it is accepted once; the same id of another organization is another message', async () => {
    expect(await accept('m1')).toBe(true);
    expect(await accept('m1')).toBe(false);
    expect(await accept('m1', 'other')).toBe(true);
  });

  test('given a message that many connections take at once, then one of them accepts it', async () => {
    const accepted = await Promise.all(Array.from({ length: 10 }, () => accept('m2')));
    expect(accepted.filter(Boolean)).toHaveLength(1);
  });

  test('given a transaction that fails after it accepted, then the message can be accepted again', async () => {
    const failing = inTransaction(db, async (tx) => {
      await acceptMessage(tx, { corpId: 'corp', messageId: 'm3' }, NOW);
      throw new Error('the command failed');
    });
    await expect(failing).rejects.toThrow('the command failed');
    expect(await accept('m3')).toBe(true);
  });

  test('given old messages, then only those from before the given time are forgotten', async () => {
    await accept('old', 'corp', NOW.subtract({ hours: 1 }));
    await accept('new', 'corp', NOW);
    expect(await inTransaction(db, (tx) => forgetMessages(tx, NOW))).toBe(1n);
    expect(await accept('new')).toBe(false);
    expect(await accept('old')).toBe(true);
  });
});

describe('runs of jobs (promise 7)', () => {
  const later = (minutes: number) => NOW.add({ minutes });
  const slot = (job: string, at = NOW) =>
    beginSlot(db.kysely, { job, slot: at, now: NOW, causedBy: 'schedule', maxAttempts: 2 });

  test('given a job, then of many replicas one holds it, until it lets go or was not heard of for a lease', async () => {
    const lock = (holder: string, now = NOW) => lockJob(db.kysely, 'held', holder, now, now.add({ minutes: 1 }));
    const holders = Array.from({ length: 10 }, () => randomUUID());
    const locked = await Promise.all(holders.map((holder) => lock(holder)));
    expect(locked.filter(Boolean)).toHaveLength(1);
    const [first = ''] = holders.filter((_, index) => locked[index]);
    expect(await keepJob(db.kysely, 'held', first, later(2))).toBe(true);
    const [second, third] = [randomUUID(), randomUUID()];
    expect(await lock(second, later(1))).toBe(false);
    expect(await lock(second, later(2))).toBe(true);
    expect(await keepJob(db.kysely, 'held', first, later(9))).toBe(false);
    await unlockJob(db.kysely, 'held', first);
    expect(await lock(third, later(2))).toBe(false);
    await unlockJob(db.kysely, 'held', second);
    expect(await lock(third, later(2))).toBe(true);
  });

  test('given a slot, then it is done once; one that failed is tried again, but not for ever', async () => {
    const end = { durationMs: 1234.4, finishedAt: later(1) };
    const first = await slot('job');
    await finishRun(db.kysely, first ?? '', { ...end, state: 'failed', outcome: 'database_busy' });
    const second = await slot('job');
    expect(second).toBe(first);
    await finishRun(db.kysely, second ?? '', { ...end, state: 'failed', outcome: 'database_busy' });
    expect(await slot('job')).toBeUndefined();
    const next = await slot('job', later(60 * 24));
    await finishRun(db.kysely, next ?? '', { ...end, state: 'done', outcome: 'forgot 3 messages' });
    expect(await slot('job', later(60 * 24))).toBeUndefined();
    expect(await lastSlot(db.kysely, 'job')).toMatchObject({
      slot: later(60 * 24),
      state: 'done',
      attempts: 1,
      durationMs: 1234,
      outcome: 'forgot 3 messages',
    });
    expect(await lastSlot(db.kysely, 'nothing')).toBeNull();
  });

  test('given old runs, then those of slots are kept longer than the many others', async () => {
    const run = { job: 'many', causedBy: 'schedule', state: 'done', outcome: 'x', durationMs: 1 } as const;
    for (const days of [1, 4]) {
      const startedAt = NOW.subtract({ hours: 24 * days });
      await insertRun(db.kysely, { ...run, id: randomUUID(), startedAt, finishedAt: startedAt });
    }
    const days = (count: number) => NOW.subtract({ hours: 24 * count });
    expect(await forgetRuns(db.kysely, { slots: days(90), others: days(3) })).toBe(1n);
    expect((await readLastRuns(db.kysely, ['many', 'job', 'nothing'])).get('many')?.startedAt).toEqual(days(1));
    expect(await lastSlot(db.kysely, 'job')).not.toBeNull();
  });
});
