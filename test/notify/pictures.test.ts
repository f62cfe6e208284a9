import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Chart } from '../../src/charts/chart.ts';
import { OpenApi } from '../../src/dingtalk/open-api.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { Deliverer } from '../../src/notify/deliverer.ts';
import { Messenger } from '../../src/notify/messenger.ts';
import { Pictures, type PicturesOptions } from '../../src/notify/pictures.ts';
import { APP, GROUP } from '../support/sandbox-world.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { aNotice, BROKEN, CARD, DeliveryHarness, FORBIDDEN, GROUP_SEND } from './delivery-harness.ts';

const UPLOAD = '/media/upload';
const { db } = await createTestDatabase();
let harness: DeliveryHarness;

beforeEach(async () => {
  harness = await DeliveryHarness.start(db);
});
afterEach(() => harness.stop());

const CHART: Chart = {
  kind: 'bars',
  title: '每天用量（条）',
  note: '数据截至 12:00',
  locale: 'zh-CN',
  series: ['验证码'],
  bars: [{ label: '10/1', values: [3] }],
  empty: '没有用量',
};

function withPicture(chart: Chart = CHART) {
  const { content } = aNotice();
  return { content: { ...content, pictures: [{ alt: '每天用量', chart }] } };
}

/** A deliverer that shows pictures. */
function deliverer(options: Partial<PicturesOptions> = {}): Deliverer {
  const logger = pino({ level: 'silent' });
  const settings = completeSettings({ ...APP, apiBase: harness.sandbox.url, oapiBase: harness.sandbox.url });
  const api = new OpenApi(settings);
  const pictures = new Pictures({ api, clock: harness.clock, logger, inCards: true, ...options });
  const messenger = new Messenger(api, settings.cardTemplateId, { pictures });
  return new Deliverer({ db, messenger, clock: harness.clock, logger });
}

/** The addresses of the pictures that are shown in the group. */
function shown(): string[] {
  const text = JSON.stringify(harness.inGroup());
  return [...text.matchAll(/!\[每天用量\]\((\/media\/[^)]+)\)/g)].map(([, path = '']) => path);
}

describe('a notice with a picture', () => {
  test('when it is delivered, then the picture is drawn, uploaded and shown', async () => {
    await harness.queue(withPicture());
    await deliverer().deliverDue();
    const [path] = shown();
    const response = await fetch(`${harness.sandbox.url}${path}`);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(5_000);
  });

  test('when the same picture is shown again, then it is uploaded once; after an hour anew', async () => {
    const bot = deliverer();
    for (const _ of [1, 2]) {
      await harness.queue(withPicture());
      await bot.deliverDue();
    }
    expect(harness.callsOf(UPLOAD)).toHaveLength(1);
    await harness.queue(withPicture({ ...CHART, title: '另一张' }));
    await bot.deliverDue();
    expect(harness.callsOf(UPLOAD)).toHaveLength(2);
    harness.clock.set(harness.clock.now().add({ minutes: 61 }));
    await harness.queue(withPicture());
    await bot.deliverDue();
    expect(harness.callsOf(UPLOAD)).toHaveLength(3);
    expect(shown()).toHaveLength(4);
  });

  test('given the upload fails once, then the notice is tried again, and has its picture', async () => {
    harness.sandbox.faults.answerCalls(UPLOAD, BROKEN);
    const notice = await harness.queue(withPicture());
    const bot = deliverer();
    await bot.deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'waiting', attempts: 1 });
    expect(harness.inGroup()).toEqual([]);
    harness.clock.set((await harness.stored(notice)).next_attempt_at);
    await bot.deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'card', attempts: 2 });
    expect(shown()).toHaveLength(1);
  });

  test('given the upload goes on failing, then the text goes without the picture', async () => {
    harness.sandbox.faults.answerCalls(UPLOAD, BROKEN, 100);
    const notice = await harness.queue(withPicture());
    const bot = deliverer();
    await bot.deliverDue();
    harness.clock.set((await harness.stored(notice)).next_attempt_at);
    await bot.deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'card', attempts: 2 });
    expect(JSON.stringify(harness.inGroup())).toContain('剩余');
    expect(shown()).toEqual([]);
  });

  test('given the upload is not allowed, or the drawing fails, then the text goes without it at once', async () => {
    harness.sandbox.faults.answerCalls(UPLOAD, FORBIDDEN);
    const forbidden = await harness.queue(withPicture());
    await deliverer().deliverDue();
    expect(await harness.stored(forbidden)).toMatchObject({ state: 'delivered', form: 'card', attempts: 1 });
    const broken = await harness.queue(withPicture());
    await deliverer({ render: () => Promise.reject(new Error('no font')) }).deliverDue();
    expect(await harness.stored(broken)).toMatchObject({ state: 'delivered', form: 'card', attempts: 1 });
    expect(harness.inGroup()).toHaveLength(2);
  });

  test('given cards that show no pictures, then it is said as an action card, which shows them and has buttons', async () => {
    const notice = await harness.queue(withPicture());
    const plain = await harness.queue();
    await deliverer({ inCards: false }).deliverDue();
    expect(await harness.stored(notice)).toMatchObject({ state: 'delivered', form: 'group_buttons', attempts: 1 });
    expect(await harness.stored(plain)).toMatchObject({ state: 'delivered', form: 'card' });
    expect(shown()).toHaveLength(1);
    expect(harness.callsOf(CARD)).toHaveLength(1);
  });

  test('given only plain text is left, then nothing is drawn for it', async () => {
    harness.sandbox.faults.answerCalls(CARD, FORBIDDEN);
    harness.sandbox.faults.answerCalls(GROUP_SEND, FORBIDDEN, 2);
    await harness.queue(withPicture());
    await deliverer().deliverDue();
    expect(harness.sandbox.messages(GROUP)).toHaveLength(1);
    expect(JSON.stringify(harness.inGroup())).not.toContain('/media/');
  });
});
