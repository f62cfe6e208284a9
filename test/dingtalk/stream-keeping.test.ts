import { describe, expect, onTestFinished, test } from 'vitest';
import type { FrameKeeper } from '../../src/dingtalk/keeping.ts';
import type { StreamFrame } from '../../src/dingtalk/messages.ts';
import { robotFrame } from './frames.ts';
import { HostileGateway, Queue } from './hostile-gateway.ts';
import { StreamHarness } from './stream-harness.ts';

/** Keeps frames in memory, and tells of it. */
class Shelf implements FrameKeeper {
  readonly kept = new Queue<StreamFrame>();
  readonly dropped = new Queue<StreamFrame>();
  failing = false;

  async keep(frame: StreamFrame): Promise<void> {
    this.kept.push(frame);
    if (this.failing) throw new Error('the database is away');
  }

  async drop(frame: StreamFrame): Promise<void> {
    this.dropped.push(frame);
  }
}

/** A connection with a keeper and a handler whose end the test decides. */
async function start({ keepAfterMs, failing = false }: { keepAfterMs: number; failing?: boolean }) {
  const gateway = await new HostileGateway().start();
  const shelf = new Shelf();
  shelf.failing = failing;
  const work = new Queue<PromiseWithResolvers<void>>();
  const harness = new StreamHarness(gateway.url, {
    keeper: shelf,
    tuning: { keepAfterMs },
    handlers: {
      onMessage: () => {
        const one = Promise.withResolvers<void>();
        work.push(one);
        return one.promise;
      },
    },
  });
  onTestFinished(async () => {
    await harness.connection.stop();
    await gateway.stop();
  });
  harness.connection.start();
  return { shelf, work, harness, peer: await gateway.peers.next() };
}

const NEVER_MS = 3_600_000;

describe('acknowledging what cannot be lost any more', () => {
  test('given a handler that is done soon, then the frame is acknowledged after it, and nothing is kept', async () => {
    const { shelf, work, harness, peer } = await start({ keepAfterMs: NEVER_MS });
    const [first, second] = [robotFrame(), robotFrame()];
    peer.push(first);
    const slow = await work.next();
    peer.push(second);
    (await work.next()).resolve();
    expect((await peer.acks.next()).headers.messageId).toBe(second.headers.messageId);
    slow.resolve();
    expect((await peer.acks.next()).headers.messageId).toBe(first.headers.messageId);
    await harness.connection.stop();
    expect(shelf.kept.size).toBe(0);
  });

  test('given a handler that takes long, then the frame is kept, acknowledged, and dropped when it is done', async () => {
    const { shelf, work, peer } = await start({ keepAfterMs: 1 });
    const frame = robotFrame();
    peer.push(frame);
    expect((await shelf.kept.next()).messageId).toBe(frame.headers.messageId);
    expect((await peer.acks.next()).code).toBe(200);
    (await work.next()).resolve();
    expect((await shelf.dropped.next()).messageId).toBe(frame.headers.messageId);
  });

  test('given a frame that is neither handled nor kept, then it is not acknowledged, and its repeat is new', async () => {
    const { shelf, work, harness, peer } = await start({ keepAfterMs: 1, failing: true });
    const frame = robotFrame();
    peer.push(frame);
    const failing = await work.next();
    await shelf.kept.next();
    failing.reject(new Error('the database is away'));
    peer.push(frame);
    (await work.next()).resolve();
    expect((await peer.acks.next()).code).toBe(200);
    await harness.connection.stop();
    expect(peer.acks.size).toBe(0);
    expect(harness.connection.status.counts).toMatchObject({ handlerFailures: 1, duplicates: 0 });
  });

  test('given a handler that fails after the frame was kept, then it stays kept', async () => {
    const { shelf, work, harness, peer } = await start({ keepAfterMs: 1 });
    peer.push(robotFrame());
    const failing = await work.next();
    await peer.acks.next();
    failing.reject(new Error('the database is away'));
    await harness.connection.stop();
    expect(shelf.dropped.size).toBe(0);
  });

  test('given a repeat of a frame that is at work, then both are acknowledged when it is done, and it is handled once', async () => {
    const { work, harness, peer } = await start({ keepAfterMs: NEVER_MS });
    const frame = robotFrame();
    peer.push(frame);
    const one = await work.next();
    peer.push(frame);
    // What comes behind it has been read when it is at work.
    peer.push(robotFrame());
    (await work.next()).resolve();
    await peer.acks.next();
    expect(peer.acks.size).toBe(0);
    one.resolve();
    expect((await peer.acks.next()).headers.messageId).toBe(frame.headers.messageId);
    expect((await peer.acks.next()).headers.messageId).toBe(frame.headers.messageId);
    expect(harness.connection.status.counts).toMatchObject({ frames: 3, duplicates: 1 });
  });
});
