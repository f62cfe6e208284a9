import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP, GROUP, LUNCH_GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { EventReader } from './event-reader.ts';
import { ApiCaller } from './published-client.ts';

let folder: string;
let sandbox: Sandbox;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-reading-'));
  sandbox = await startTestSandbox({ statePath: join(folder, 'state.jsonl') });
});
afterEach(async () => {
  await sandbox.stop();
  await rm(folder, { recursive: true });
});

async function read(conversation: string, userId: string, seq: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sandbox.url}/api/conversations/${conversation}/read`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, seq }),
  });
  return { status: response.status, body: await response.json() };
}

const readersOf = (conversation: string) => sandbox.messages(conversation).map((message) => message.readBy);

describe('reading a conversation', () => {
  test('given people who read up to a message, then it and those before it are read by them, and no author reads their own', async () => {
    for (const text of ['one', 'two', 'three']) sandbox.say(GROUP, 'lina', text);
    sandbox.say(LUNCH_GROUP, 'lina', 'elsewhere');

    expect(await read(GROUP, 'zhangwei', 2)).toEqual({ status: 200, body: { read: 2 } });
    expect(await read(GROUP, 'zhaomin', 99)).toEqual({ status: 200, body: { read: 3 } });
    expect(await read(GROUP, 'lina', 3)).toEqual({ status: 200, body: { read: 0 } });
    expect(readersOf(GROUP)).toEqual([['zhangwei', 'zhaomin'], ['zhangwei', 'zhaomin'], ['zhaomin']]);
    expect(readersOf(LUNCH_GROUP)).toEqual([[]]);
  });

  test('given the same again, or less, then nothing is new; and what is said later is unread', async () => {
    for (const text of ['one', 'two']) sandbox.say(GROUP, 'lina', text);
    await read(GROUP, 'zhangwei', 99);

    expect((await read(GROUP, 'zhangwei', 1)).body).toEqual({ read: 0 });
    sandbox.say(GROUP, 'lina', 'three');
    expect(readersOf(GROUP)).toEqual([['zhangwei'], ['zhangwei'], []]);
  });

  test('given a reader of the event feed, then it hears of each message that is newly read', async () => {
    for (const text of ['one', 'two']) sandbox.say(GROUP, 'lina', text);
    const events = await EventReader.open(sandbox.url);
    await read(GROUP, 'zhangwei', 2);

    expect(await events.next('message')).toMatchObject({ seq: 1, readBy: ['zhangwei'] });
    expect(await events.next('message')).toMatchObject({ seq: 2, readBy: ['zhangwei'] });
  });

  test('given restarts, then what was read is read: the file is written anew at each of them', async () => {
    sandbox.say(GROUP, 'lina', 'one');
    await read(GROUP, 'zhangwei', 1);
    for (let restart = 0; restart < 2; restart += 1) {
      await sandbox.stop();
      sandbox = await startTestSandbox({ statePath: join(folder, 'state.jsonl') });
    }
    expect(readersOf(GROUP)).toEqual([['zhangwei']]);
  });

  test.each([
    ['an unknown conversation', 'cidNowhere', 'lina', 1, 404, 'conversation_unknown'],
    ['somebody from outside the group', LUNCH_GROUP, 'zhangwei', 1, 403, 'not_a_member'],
    ['nobody', GROUP, 'nobody', 1, 400, 'person_unknown'],
    ['a seq that is no number', GROUP, 'lina', 'all', 400, 'invalid_input'],
  ])('given %s, then a clear error', async (_name, conversation, userId, seq, status, code) => {
    expect(await read(conversation, userId, seq)).toMatchObject({ status, body: { error: { code } } });
  });
});

describe('a message that the bot takes back', () => {
  test('then it is listed no more, also after restarts, and the event feed tells of it without what it said', async () => {
    const api = new ApiCaller(sandbox);
    const robot = { robotCode: APP.robotCode, openConversationId: GROUP };
    const sent = await api.call('POST', '/v1.0/robot/groupMessages/send', {
      ...robot,
      msgKey: 'sampleMarkdown',
      msgParam: JSON.stringify({ title: 'T', text: 'oops' }),
    });
    const events = await EventReader.open(sandbox.url);
    await api.call('POST', '/v1.0/robot/groupMessages/recall', {
      ...robot,
      processQueryKeys: [sent.body.processQueryKey],
    });

    expect(await events.next('message')).toMatchObject({ seq: 1, recalled: true, title: null, text: '', buttons: [] });
    for (let restart = 0; restart < 2; restart += 1) {
      expect(sandbox.messages(GROUP)).toEqual([]);
      await sandbox.stop();
      sandbox = await startTestSandbox({ statePath: join(folder, 'state.jsonl') });
    }
    expect(sandbox.messages(GROUP)).toEqual([]);
  });
});
