import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOPIC_ROBOT } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { ApiCaller, fetchToken, TestBot } from './published-client.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let folder: string;
let sandbox: Sandbox;
let api: ApiCaller;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-media-'));
  sandbox = await startTestSandbox({ statePath: join(folder, 'state.jsonl') });
  api = new ApiCaller(sandbox);
});
afterEach(async () => {
  await sandbox.stop();
  await rm(folder, { recursive: true });
});

async function upload(file: Buffer, type = 'image', token?: string): Promise<Record<string, unknown>> {
  const form = new FormData();
  form.set('type', type);
  form.set('media', new Blob([new Uint8Array(file)]), 'chart.png');
  const query = new URLSearchParams({ access_token: token ?? (await fetchToken(sandbox.url)) });
  const response = await fetch(`${sandbox.url}/media/upload?${query}`, { method: 'POST', body: form });
  expect(response.status).toBe(200);
  return z.looseObject({}).parse(await response.json());
}

async function uploaded(): Promise<string> {
  return z.object({ media_id: z.string() }).parse(await upload(PNG)).media_id;
}

const send = (msgKey: string, param: unknown) =>
  api.call('POST', '/v1.0/robot/groupMessages/send', {
    robotCode: APP.robotCode,
    openConversationId: GROUP,
    msgKey,
    msgParam: JSON.stringify(param),
  });

async function download(path: string): Promise<{ status: number; type: string | null; body: Buffer }> {
  const response = await fetch(new URL(path, sandbox.url));
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), body: Buffer.from(await response.arrayBuffer()) };
}

describe('uploading', () => {
  test('given a picture, then a media id', async () => {
    expect(await upload(PNG)).toEqual({
      errcode: 0,
      errmsg: 'ok',
      type: 'image',
      media_id: expect.stringMatching(/^@lAL/),
      created_at: Temporal.Instant.from('2026-03-10T02:00:00Z').epochMilliseconds,
    });
  });

  test('given 20 MiB, then it is taken, and a byte more is not', async () => {
    const file = (bytes: number) => Buffer.concat([PNG, Buffer.alloc(bytes - PNG.length)]);
    expect(await upload(file(20 * 1024 * 1024))).toMatchObject({ errcode: 0 });
    expect(await upload(file(20 * 1024 * 1024 + 1))).toMatchObject({ errcode: 40006 });
  });

  test.each([
    ['a bad token', () => upload(PNG, 'image', 'made-up'), 40014],
    ['an unknown type', () => upload(PNG, 'hologram'), 40004],
    ['a picture that is none', () => upload(Buffer.from('<svg/>')), 40005],
    ['an empty file', () => upload(Buffer.alloc(0), 'file'), 40006],
    ['a voice of more than 2 MiB', () => upload(Buffer.alloc(2 * 1024 * 1024 + 1), 'voice'), 40006],
  ])('given %s, then HTTP 200 with its errcode', async (_name, call, errcode) => {
    expect(await call()).toMatchObject({ errcode });
  });

  test('given no form, then errcode 40035', async () => {
    const path = `/media/upload?access_token=${await fetchToken(sandbox.url)}`;
    expect((await api.call('POST', path, { type: 'image' })).body).toMatchObject({ errcode: 40035 });
  });
});

describe('showing what was uploaded', () => {
  test('given its id in a picture, a link, markdown and a card, then the address of the file stands there', async () => {
    const id = await uploaded();
    await send('sampleImageMsg', { photoURL: id });
    await send('sampleLink', { title: 'T', text: 'x', picUrl: id, messageUrl: 'https://e.com' });
    await send('sampleMarkdown', { title: 'T', text: `![chart](${id})` });
    await send('sampleText', { content: id });
    await api.call('POST', '/v1.0/card/instances/createAndDeliver', {
      cardTemplateId: 'own.schema',
      outTrackId: 'card-1',
      cardData: { cardParamMap: { chart: `![](${id})` } },
      openSpaceId: `dtv1.card//IM_GROUP.${GROUP}`,
      imGroupOpenDeliverModel: { robotCode: APP.robotCode },
    });

    const address = `/media/${id}`;
    expect(sandbox.messages(GROUP)).toMatchObject([
      { kind: 'image', text: address },
      { kind: 'link', pictures: [address] },
      { kind: 'markdown', text: `![chart](${address})` },
      { kind: 'text', text: id },
      { kind: 'card', text: `chart: ![](${address})` },
    ]);
    expect(await download(address)).toEqual({ status: 200, type: 'image/png', body: PNG });
  });

  test('given an id that is not known, then it stays as it is, and its address is 404', async () => {
    const id = (await uploaded()).replace(/.{4}$/, 'AAAA');
    await send('sampleImageMsg', { photoURL: id });
    expect(sandbox.messages(GROUP)).toMatchObject([{ text: id }]);
    expect((await download(`/media/${id}`)).status).toBe(404);
    expect((await download('/media/..%2fstate.jsonl')).status).toBe(404);
  });

  test('given a file that is no picture, then it is for saving, not for looking at', async () => {
    const { media_id } = z.looseObject({ media_id: z.string() }).parse(await upload(Buffer.from('<html>'), 'file'));
    const response = await fetch(`${sandbox.url}/media/${media_id}`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-disposition')).toBe('attachment');
  });

  test('given a restart, then it is still there', async () => {
    const id = await uploaded();
    await send('sampleImageMsg', { photoURL: id });
    await sandbox.stop();
    sandbox = await startTestSandbox({ statePath: join(folder, 'state.jsonl') });

    expect(sandbox.messages(GROUP)).toMatchObject([{ text: `/media/${id}` }]);
    expect((await download(`/media/${id}`)).body).toEqual(PNG);
  });
});

describe('pictures of people', () => {
  const say = async (conversation: string, body: unknown) => {
    const response = await fetch(`${sandbox.url}/api/conversations/${conversation}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  const picture = PNG.toString('base64');

  test('given one sent to the bot, then the bot gets a code, and with it the file', async () => {
    const bot = await TestBot.connect(sandbox);
    const sent = await say('direct:lina', { userId: 'lina', picture });
    expect(sent).toMatchObject({ status: 201, body: { kind: 'image', text: expect.stringMatching(/^\/media\//) } });

    const push = await bot.received(TOPIC_ROBOT);
    expect(push).toMatchObject({ msgtype: 'picture', senderStaffId: 'lina' });
    const { downloadCode } = z.object({ content: z.object({ downloadCode: z.string() }) }).parse(push).content;
    const found = await api.call('POST', '/v1.0/robot/messageFiles/download', {
      robotCode: APP.robotCode,
      downloadCode,
    });
    expect((await download(z.string().parse(found.body.downloadUrl))).body).toEqual(PNG);
  });

  test.each([
    ['in a group', GROUP, { userId: 'lina', picture }, 'picture_in_group'],
    ['that is none', 'direct:lina', { userId: 'lina', picture: 'PHN2Zy8+' }, 'not_a_picture'],
    ['that is no base64', 'direct:lina', { userId: 'lina', picture: '!' }, 'invalid_input'],
    ['and a text', 'direct:lina', { userId: 'lina', picture, text: 'x' }, 'invalid_input'],
  ])('given one %s, then 400', async (_name, conversation, body, code) => {
    expect(await say(conversation, body)).toMatchObject({ status: 400, body: { error: { code } } });
  });

  test.each([
    ['an unknown code', { robotCode: APP.robotCode, downloadCode: 'x' }, 'invalidParameter.downloadCode.invalid'],
    ['a strange robot', { robotCode: 'x', downloadCode: 'x' }, 'invalidParameter.robotCode.invalid'],
  ])('given a download with %s, then 400', async (_name, body, code) => {
    const answer = await api.call('POST', '/v1.0/robot/messageFiles/download', body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });
});
