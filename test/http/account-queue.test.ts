import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { AccountQueue, type AccountQueueOptions, QueueFullError } from '../../src/http/account-queue.ts';

interface Run {
  readonly accountId: string;
  readonly jobs: readonly string[];
  /** Lets the run end: with an answer for each job, or with an error. */
  end(error?: Error): Promise<void>;
}

class Fault extends Error {}

/** A queue whose runs wait to be ended; a job is as large as its text. */
function aQueue(options: Partial<AccountQueueOptions<string, string>> = {}) {
  const runs: Run[] = [];
  const queue = new AccountQueue<string, string>({
    run: (accountId, jobs) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const end = async (error?: Error) => {
        if (error) reject(error);
        else resolve(jobs.map((job) => `${accountId}:${job}`));
        await turn();
      };
      runs.push({ accountId, jobs, end });
      return promise;
    },
    sizeOf: (job) => job.length,
    isOfOneJob: (error) => error instanceof Fault,
    maxRunning: 2,
    maxRunningPerAccount: 1,
    maxTogether: 3,
    maxWaiting: 5,
    ...options,
  });
  const started = () => runs.map(({ accountId, jobs }) => `${accountId}:${jobs.join('')}`);
  return { queue, runs, started };
}

describe('given jobs of one account', () => {
  test('when the account is idle, then a job begins at once, and what comes meanwhile is done together, in order', async () => {
    const { queue, runs, started } = aQueue();
    const answers = ['a', 'b', 'c'].map((job) => queue.add('x', job));
    expect(started()).toEqual(['x:a']);
    await runs[0]?.end();
    expect(started()).toEqual(['x:a', 'x:bc']);
    await runs[1]?.end();
    expect(await Promise.all(answers)).toEqual(['x:a', 'x:b', 'x:c']);
  });

  test('when more waits than goes together, then the rest comes after, and one that is too large alone goes alone', async () => {
    const { queue, runs, started } = aQueue({ maxWaiting: 99 });
    const answers = ['a', 'bb', 'cc', 'dddd', 'e'].map((job) => queue.add('x', job));
    for (let i = 0; i < 5; i += 1) await runs[i]?.end();
    expect(started()).toEqual(['x:a', 'x:bb', 'x:cc', 'x:dddd', 'x:e']);
    await Promise.all(answers);
  });

  test('when too much waits, then a further job is refused, and later taken again', async () => {
    const { queue, runs } = aQueue();
    const first = queue.add('x', 'a');
    const waiting = queue.add('x', 'bbbb');
    await expect(queue.add('x', 'cc')).rejects.toBeInstanceOf(QueueFullError);
    await runs[0]?.end();
    const third = queue.add('x', 'cc');
    await runs[1]?.end();
    await runs[2]?.end();
    expect(await Promise.all([first, waiting, third])).toEqual(['x:a', 'x:bbbb', 'x:cc']);
  });
});

describe('given that an account may have two runs', () => {
  test('then the second job begins beside the first, what comes then waits, and is done together by whoever is free first', async () => {
    const { queue, runs, started } = aQueue({ maxRunningPerAccount: 2 });
    const answers = ['a', 'b', 'c', 'd'].map((job) => queue.add('x', job));
    expect(started()).toEqual(['x:a', 'x:b']);
    await runs[1]?.end();
    expect(started()).toEqual(['x:a', 'x:b', 'x:cd']);
    await runs[0]?.end();
    await runs[2]?.end();
    expect(await Promise.all(answers)).toEqual(['x:a', 'x:b', 'x:c', 'x:d']);
    const later = queue.add('x', 'e');
    await runs[3]?.end();
    expect(await later).toBe('x:e');
  });
});

describe('given jobs of several accounts', () => {
  test('then so many run at a time as may, and a busy account leaves the others their turn', async () => {
    const { queue, runs, started } = aQueue({ maxRunning: 1 });
    const answers = [queue.add('x', 'a'), queue.add('x', 'b'), queue.add('y', 'c'), queue.add('z', 'd')];
    for (let i = 0; i < 4; i += 1) await runs[i]?.end();
    expect(started()).toEqual(['x:a', 'y:c', 'z:d', 'x:b']);
    await Promise.all(answers);
  });

  test('when one stands still, then the others do not', async () => {
    const { queue, runs, started } = aQueue();
    const slow = queue.add('x', 'a');
    const quick = [queue.add('y', 'b'), queue.add('z', 'c')];
    await runs[1]?.end();
    await runs[2]?.end();
    expect(await Promise.all(quick)).toEqual(['y:b', 'z:c']);
    expect(started()).toEqual(['x:a', 'y:b', 'z:c']);
    await runs[0]?.end();
    await slow;
  });
});

describe('given jobs that were done together and failed', () => {
  test('when one of them may be to blame, then each is tried alone, and only that one fails', async () => {
    const { queue, runs, started } = aQueue();
    const answers = ['a', 'b', 'c', 'd'].map((job) => queue.add('x', job));
    const settled = Promise.allSettled(answers);
    await runs[0]?.end();
    await runs[1]?.end(new Fault('together'));
    await runs[2]?.end();
    await runs[3]?.end(new Fault('alone'));
    await runs[4]?.end();
    expect(started()).toEqual(['x:a', 'x:bcd', 'x:b', 'x:c', 'x:d']);
    expect((await settled).map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message))).toEqual([
      'x:a',
      'x:b',
      'alone',
      'x:d',
    ]);
  });

  test('when none of them is to blame, then all fail at once, and the account goes on', async () => {
    const { queue, runs, started } = aQueue();
    const settled = Promise.allSettled(['a', 'b', 'c'].map((job) => queue.add('x', job)));
    await runs[0]?.end();
    await runs[1]?.end(new Error('the database is gone'));
    expect((await settled).map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    const next = queue.add('x', 'd');
    await runs[2]?.end();
    expect(await next).toBe('x:d');
    expect(started()).toEqual(['x:a', 'x:bc', 'x:d']);
  });
});
