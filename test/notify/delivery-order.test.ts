import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leaseDueNotices } from '../../src/store/notice-queue.ts';
import { NOW } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { LUNCH_GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { BROKEN, CARD, DeliveryHarness } from './delivery-harness.ts';

const { db } = await createTestDatabase();
let harness: DeliveryHarness;

beforeEach(async () => {
  harness = await DeliveryHarness.start(db);
});

afterEach(() => harness.stop());

describe('order and replicas (rule 22)', () => {
  test('given several for one group, then they come in the order in which they were queued', async () => {
    for (const title of ['一', '二', '三', '四']) await harness.queue({ title });
    await harness.deliver();
    expect(harness.inGroup().map(({ text }) => text[5])).toEqual(['一', '二', '三', '四']);
  });

  test('given the first that has to wait, then the others of its group wait behind it, and another group does not', async () => {
    harness.sandbox.faults.answerCalls(CARD, BROKEN);
    const first = await harness.queue({ title: '一' });
    await harness.queue({ title: '二' });
    await harness.deliver();
    const other = { type: 'group', conversationId: LUNCH_GROUP, directTo: [] } as const;
    await harness.queue({ target: other, recipient: `corp/${LUNCH_GROUP}` });
    await harness.deliver();
    expect(harness.inGroup()).toEqual([]);
    expect(harness.sandbox.messages(LUNCH_GROUP)).toHaveLength(1);
    await harness.attemptAgain(first);
    expect(harness.inGroup().map(({ text }) => text[5])).toEqual(['一', '二']);
  });

  test('given two deliverers at once, then each notice is said once, in order', async () => {
    const other = harness.newDeliverer();
    for (let n = 0; n < 12; n += 1)
      await harness.queue({ title: `${n % 2 ? '乙' : '甲'}${n}`, recipient: `r${n % 2}` });
    await Promise.all([harness.deliver(), other.deliverDue()]);
    await Promise.all([harness.deliver(), other.deliverDue()]);
    await other.stop();
    expect(harness.inGroup()).toHaveLength(12);
    expect(harness.callsOf(CARD)).toHaveLength(12);
  });

  test('promise 5: given a process that died while it was saying it, then another says it when the lease is over, as the same card', async () => {
    const notice = await harness.queue();
    const [leased] = await leaseDueNotices(db.kysely, NOW, { limit: 1, leaseUntil: NOW.add({ seconds: 120 }) });
    if (leased) await harness.newMessenger().say(leased.leader, 'card');
    harness.clock.set(NOW.add({ seconds: 119 }));
    await harness.deliver();
    expect(harness.callsOf(CARD)).toHaveLength(1);
    harness.clock.set(NOW.add({ seconds: 120 }));
    await harness.deliver();
    expect(harness.callsOf(CARD)).toHaveLength(2);
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(harness.inGroup()).toHaveLength(1);
  });

  test('given a notice that is queued while others are being said, then the same run says it too', async () => {
    await harness.queue({ title: '一' });
    const running = harness.deliver();
    await harness.queue({ title: '二' });
    await harness.deliver();
    await running;
    expect(harness.inGroup()).toHaveLength(2);
  });

  test('given one that is queued behind another while that is being said, then it is said right after it, though nobody asks again', async () => {
    const isSaid = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    const leases: number[] = [];
    const deliverer = harness.newDeliverer({
      onStep: async (step, notice) => {
        if (step === 'lease') leases.push(leases.length);
        if (step !== 'mark' || notice?.content.title !== '一') return;
        isSaid.resolve();
        await mayGoOn.promise;
      },
    });
    await harness.queue({ title: '一' });
    const running = deliverer.deliverDue();
    await isSaid.promise;
    await harness.queue({ title: '二' });
    const seen = leases.length;
    deliverer.wake();
    // It is asked for, and cannot be leased yet.
    await eventually(() => expect(leases.length).toBeGreaterThan(seen));
    mayGoOn.resolve();
    await running;
    expect(harness.inGroup().map(({ text }) => text[5])).toEqual(['一', '二']);
    await deliverer.stop();
  });

  test('given a slow call to one recipient, then what is queued for another meanwhile does not wait for it', async () => {
    const isSlow = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    const deliverer = harness.newDeliverer({
      onStep: async (step, notice) => {
        if (step !== 'send' || notice?.content.title !== '慢') return;
        isSlow.resolve();
        await mayGoOn.promise;
      },
    });
    await harness.queue({ title: '慢' });
    const running = deliverer.deliverDue();
    await isSlow.promise;
    const other = { type: 'group', conversationId: LUNCH_GROUP, directTo: [] } as const;
    const quick = await harness.queue({ title: '快', target: other, recipient: `corp/${LUNCH_GROUP}` });
    deliverer.wake();
    await harness.sandbox.waitForMessage(LUNCH_GROUP, ({ text }) => text.includes('快'));
    mayGoOn.resolve();
    await running;
    expect(await harness.stored(quick)).toMatchObject({ state: 'delivered' });
    expect(harness.inGroup()).toHaveLength(1);
    await deliverer.stop();
  });

  test('given a stopped deliverer, then it says nothing more', async () => {
    await harness.deliverer.stop();
    const notice = await harness.queue();
    await harness.deliver();
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', attempts: 0 });
  });
});
