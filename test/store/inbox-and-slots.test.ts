import { describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/store/database.ts';
import { acceptMessage, forgetMessages } from '../../src/store/inbox.ts';
import { finishSlot, lastSlot, takeSlot } from '../../src/store/job-runs.ts';
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

describe('job slots (promise 7)', () => {
  test('given a slot, then of many replicas one takes it, and the next slot is free', async () => {
    const taken = await Promise.all(Array.from({ length: 10 }, () => takeSlot(db.kysely, 'job', NOW, NOW)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await takeSlot(db.kysely, 'job', NOW.add({ hours: 24 }), NOW)).toBe(true);
    expect(await takeSlot(db.kysely, 'other', NOW, NOW)).toBe(true);
    expect(await lastSlot(db.kysely, 'job')).toEqual(NOW.add({ hours: 24 }));
    expect(await lastSlot(db.kysely, 'nothing')).toBeNull();
  });

  test('given a slot that was done, then what came of it is recorded with it', async () => {
    await takeSlot(db.kysely, 'done', NOW, NOW);
    await finishSlot(db.kysely, 'done', NOW, 'forgot 3 messages', NOW.add({ seconds: 2 }));
    const rows = await db.kysely.selectFrom('job_runs').selectAll().where('job', '=', 'done').execute();
    expect(rows).toMatchObject([{ outcome: 'forgot 3 messages', finished_at: NOW.add({ seconds: 2 }) }]);
  });
});
