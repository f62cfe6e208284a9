import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { FrameJob } from '../../src/jobs/frame-job.ts';
import { type KeptFrame, keepFrame, nextKeptFrameAt } from '../../src/store/kept-frames.ts';
import { NOW } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const DUE = NOW.add({ seconds: 60 });
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  await db.kysely.deleteFrom('kept_frames').execute();
});

function aFrame(messageId: string): KeptFrame {
  return {
    type: 'CALLBACK',
    topic: '/v1.0/im/bot/messages/get',
    messageId,
    headers: { topic: 't' },
    data: '{"text":"余额"}',
  };
}

function keep(messageId: string): Promise<void> {
  return keepFrame(db.kysely, aFrame(messageId), { now: clock.now(), dueAt: DUE });
}

function jobThat(handle: (frame: KeptFrame) => Promise<void>): FrameJob {
  return new FrameJob({ db, clock, logger: pino({ level: 'silent' }), handle });
}

describe('FrameJob (promise 2)', () => {
  test('given a frame that its process has in hand, then nobody else handles it before its time, and then as it came, once', async () => {
    const handled: KeptFrame[] = [];
    const job = jobThat(async (frame) => void handled.push(frame));
    await keep('one');
    await keep('one');
    expect(await job.nextDueAt()).toEqual(DUE);
    expect(await job.run()).toBeNull();
    clock.set(DUE);
    expect(await job.run()).toBe('handled 1 of 1 frames');
    expect(handled).toEqual([aFrame('one')]);
    expect(await nextKeptFrameAt(db.kysely)).toBeNull();
  });

  test('given several replicas, then each frame is taken by one of them', async () => {
    const handled: string[] = [];
    for (const id of ['one', 'two', 'three']) await keep(id);
    clock.set(DUE);
    const replicas = Array.from({ length: 4 }, () => jobThat(async ({ messageId }) => void handled.push(messageId)));
    await Promise.all(replicas.map((job) => job.run()));
    expect(handled.toSorted()).toEqual(['one', 'three', 'two']);
  });

  test('given a frame that cannot be handled, then the others are, and it is tried again a minute later', async () => {
    await keep('bad');
    await keep('good');
    clock.set(DUE);
    const job = jobThat(async ({ messageId }) => {
      if (messageId === 'bad') throw new Error('the database is away');
    });
    expect(await job.run()).toBe('handled 1 of 2 frames');
    expect(await job.nextDueAt()).toEqual(DUE.add({ seconds: 60 }));
  });

  test('given a frame that could not be handled for a day, then it is given up', async () => {
    await keep('old');
    clock.set(NOW.add({ hours: 25 }));
    const job = jobThat(() => Promise.reject(new Error('never')));
    expect(await job.run()).toBeNull();
    expect(await job.nextDueAt()).toBeNull();
  });
});
