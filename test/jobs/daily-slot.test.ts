import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock.ts';
import { DailySlot, SERVICE_TIME_ZONE } from '../../src/jobs/daily-slot.ts';
import { beginSlot, lastSlot, lockJob } from '../../src/store/job-runs.ts';
import { at } from '../support/builders.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase();
const clock = new ManualClock(at('2026-03-10T03:30'));
let job: string;

beforeEach(() => {
  job = randomUUID();
  clock.set(at('2026-03-10T03:30'));
});

function aSlot(overrides: { missed?: 'once' | 'skipped'; timeZone?: string; at?: string } = {}): DailySlot {
  const { missed = 'once', timeZone = SERVICE_TIME_ZONE, at: time = '03:30' } = overrides;
  return new DailySlot({ job, plan: { kind: 'daily', at: time, missed }, db, clock, timeZone });
}

const done = async () => 'done';
const runs = () =>
  db.kysely
    .selectFrom('job_runs')
    .select(['slot', 'state', 'attempts', 'outcome'])
    .where('job', '=', job)
    .orderBy('started_at')
    .execute();

test('given several replicas on the same tick, then the slot is done once', async () => {
  let times = 0;
  const work = async () => {
    times += 1;
    return 'done';
  };
  await Promise.all(Array.from({ length: 6 }, () => aSlot().run(work)));
  expect(times).toBe(1);
  expect(await runs()).toMatchObject([{ slot: at('2026-03-10T03:30'), state: 'done', attempts: 1, outcome: 'done' }]);
});

test('given three slots that were missed, then a job that makes up does the newest once, and one that skips waits for the next', async () => {
  await aSlot().run(done);
  clock.set(at('2026-03-13T12:00'));
  expect(await aSlot().nextAt()).toEqual(at('2026-03-13T03:30'));
  await aSlot().run(done);
  expect(await aSlot().run(done)).toBeNull();
  expect((await runs()).map(({ slot }) => slot)).toEqual([at('2026-03-10T03:30'), at('2026-03-13T03:30')]);
  expect(await aSlot().nextAt()).toEqual(at('2026-03-14T03:30'));

  job = randomUUID();
  const skipping = aSlot({ missed: 'skipped' });
  expect(await skipping.nextAt()).toEqual(at('2026-03-14T03:30'));
  expect(await skipping.run(done)).toBeNull();
  clock.set(at('2026-03-14T03:35'));
  expect(await skipping.nextAt()).toEqual(at('2026-03-14T03:30'));
  expect(await skipping.run(done)).toBe('done');
});

test('given a run that overruns its next slot, then nobody begins that before it has ended', async () => {
  const goOn = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const long = aSlot().run(() => {
    begun.resolve();
    return goOn.promise;
  });
  await begun.promise;
  // The runner keeps its lease by a timer, which a day that passes at once leaves no time for.
  await db.kysely
    .updateTable('job_locks')
    .set({ held_until: at('2026-03-11T03:31') })
    .where('job', '=', job)
    .execute();
  clock.set(at('2026-03-11T03:30'));
  expect(await aSlot().run(done)).toBeNull();
  goOn.resolve('at last');
  expect(await long).toBe('at last');
  expect(await aSlot().run(done)).toBe('done');
  expect(await runs()).toHaveLength(2);
});

test('given a replica that died in the middle, then another one takes over when its lease has ended, and not before', async () => {
  const dead = randomUUID();
  const now = clock.now();
  await lockJob(db.kysely, job, dead, now, now.add({ minutes: 1 }));
  await beginSlot(db.kysely, { job, slot: now, now, causedBy: 'schedule', maxAttempts: 5 });
  clock.set(now.add({ seconds: 59 }));
  expect(await aSlot().run(done)).toBeNull();
  expect(await aSlot().nextAt()).toEqual(now.add({ minutes: 1 }));
  clock.set(now.add({ minutes: 1 }));
  expect(await aSlot().run(done)).toBe('done');
  expect(await runs()).toMatchObject([{ slot: now, state: 'done', attempts: 2 }]);
});

test('given work that fails, then why is kept as its code, and it is tried again after a while, five times at most', async () => {
  const fail = () => aSlot().run(() => Promise.reject(Object.assign(new Error('with a name in it'), { code: 'boom' })));
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await expect(fail()).rejects.toThrow('with a name');
    expect(await lastSlot(db.kysely, job)).toMatchObject({ state: 'failed', attempts: attempt, outcome: 'boom' });
    if (attempt < 5) expect(await aSlot().nextAt()).toEqual(clock.now().add({ minutes: 15 }));
    clock.set(clock.now().add({ minutes: 15 }));
  }
  expect(await aSlot().nextAt()).toEqual(at('2026-03-11T03:30'));
  expect(await aSlot().run(done)).toBeNull();
});

test('given a clock that goes back, then nothing that was done is done again, and it goes on where it was', async () => {
  await aSlot().run(done);
  clock.set(at('2026-03-08T12:00'));
  expect(await aSlot().run(done)).toBeNull();
  expect(await aSlot().nextAt()).toEqual(at('2026-03-11T03:30'));
  clock.set(at('2026-03-11T03:30'));
  expect(await aSlot().run(done)).toBe('done');
});

describe('in a time zone whose clock is changed', () => {
  const timeZone = 'Europe/Berlin';
  const berlin = (time: string) => Temporal.PlainDateTime.from(time).toZonedDateTime(timeZone).toInstant();

  test('given the night without an hour, then a slot in it is done once, an hour later', async () => {
    const slot = aSlot({ timeZone, at: '02:30' });
    clock.set(berlin('2026-03-28T02:30'));
    await slot.run(done);
    expect(await slot.nextAt()).toEqual(Temporal.Instant.from('2026-03-29T01:30:00Z'));
    clock.set('2026-03-29T01:30:00Z');
    expect(await slot.run(done)).toBe('done');
    expect(await slot.nextAt()).toEqual(berlin('2026-03-30T02:30'));
    clock.set(berlin('2026-03-29T23:00'));
    expect(await slot.run(done)).toBeNull();
  });

  test('given the night with an hour twice, then a slot in it is done once', async () => {
    const slot = aSlot({ timeZone, at: '02:30' });
    for (const time of ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T12:00:00Z']) {
      clock.set(time);
      await slot.run(done);
    }
    expect((await runs()).map((run) => run.slot?.toString())).toEqual(['2026-10-25T00:30:00Z']);
    expect(await slot.nextAt()).toEqual(berlin('2026-10-26T02:30'));
  });
});
