import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TOPIC_ROBOT } from 'dingtalk-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { worldSchema } from '../../src/sandbox/world.ts';
import { APP, GROUP, startTestSandbox } from '../support/sandbox-world.ts';
import { ApiCaller, TestBot } from './published-client.ts';

let folder: string;
let statePath: string;
const started: Sandbox[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-state-'));
  statePath = join(folder, 'sub', 'state.jsonl');
});
afterEach(async () => {
  for (const sandbox of started.splice(0)) await sandbox.stop();
  await rm(folder, { recursive: true });
});

async function start(port = 0): Promise<Sandbox> {
  const sandbox = await startTestSandbox({ statePath, port });
  started.push(sandbox);
  return sandbox;
}

const CARD = {
  cardTemplateId: 'own.schema',
  outTrackId: 'card-1',
  callbackType: 'STREAM',
  cardData: { cardParamMap: { status: 'open' } },
  openSpaceId: `dtv1.card//IM_GROUP.${GROUP}`,
  imGroupOpenDeliverModel: { robotCode: APP.robotCode },
};

/** Posts on a connection of its own: `fetch` would take one that the stopped sandbox has just closed. */
async function reply(sessionWebhook: string, content: string): Promise<unknown> {
  const request = httpRequest(sessionWebhook, { method: 'POST', agent: false });
  request.end(JSON.stringify({ msgtype: 'text', text: { content } }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return JSON.parse((await response.toArray()).join(''));
}

describe('a restart', () => {
  test('given messages and a card, then they are there, numbers go on, and the card is still known', async () => {
    const first = await start();
    first.say(GROUP, 'lina', 'before');
    await new ApiCaller(first).call('POST', '/v1.0/card/instances/createAndDeliver', CARD);
    await new ApiCaller(first).call('PUT', '/v1.0/card/instances', {
      outTrackId: 'card-1',
      cardData: { cardParamMap: { status: 'done' } },
    });
    const before = first.messages(GROUP);
    await first.stop();

    const second = await start();
    expect(second.messages(GROUP)).toEqual(before);
    expect(before.at(-1)).toMatchObject({ text: 'status: done', revision: 1 });
    expect(second.say(GROUP, 'lina', 'after').seq).toBe(3);
    const again = await new ApiCaller(second).call('POST', '/v1.0/card/instances/createAndDeliver', CARD);
    expect(again.body).toMatchObject({ code: 'param.cardAlreadyExist' });
  });

  test('given a sessionWebhook from before, then it is still good', async () => {
    const first = await start();
    const bot = await TestBot.connect(first);
    first.say(GROUP, 'lina', '余额');
    const { sessionWebhook } = z.object({ sessionWebhook: z.string() }).parse(await bot.received(TOPIC_ROBOT));
    await first.stop();

    const second = await start(Number(new URL(first.url).port));
    expect(await reply(sessionWebhook, 'late, but here')).toMatchObject({ errcode: 0 });
    expect(second.messages(GROUP).at(-1)?.text).toBe('late, but here');
  });

  test('given a second start on the taken port, then it fails, and the first keeps its state', async () => {
    const first = await start();
    first.say(GROUP, 'lina', 'one');
    await expect(start(Number(new URL(first.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    first.say(GROUP, 'lina', 'two');
    await first.stop();

    expect((await start()).messages(GROUP)).toHaveLength(2);
  });
});

describe('a crash', () => {
  test('given a killed process, then everything that was said is there', async () => {
    const program = new URL('./said-and-killed.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, statePath], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.includes('\n')) break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');

    expect((await start()).messages(GROUP).map((message) => message.text)).toEqual(
      Array.from({ length: 50 }, (_, index) => `@短信管家 ${index + 1}`),
    );
  });

  test('given a line that was cut off, then it is dropped, and writing goes on behind the whole ones', async () => {
    const first = await start();
    first.say(GROUP, 'lina', 'whole');
    await first.stop();
    await appendFile(statePath, '{"type":"message","mess');

    const second = await start();
    expect(second.messages(GROUP)).toHaveLength(1);
    second.say(GROUP, 'lina', 'next');
    await second.stop();
    expect((await start()).messages(GROUP)).toHaveLength(2);
  });

  test('given damage in the middle of the file, then the start is refused, and the file is left alone', async () => {
    const first = await start();
    first.say(GROUP, 'lina', 'one');
    first.say(GROUP, 'lina', 'two');
    await first.stop();
    const damaged = (await readFile(statePath, 'utf8')).replace('"message"', 'message');
    await writeFile(statePath, damaged);

    await expect(start()).rejects.toThrow(/damaged at line \d+/);
    expect(await readFile(statePath, 'utf8')).toBe(damaged);
  });
});

describe('many messages', () => {
  test('given 10,000, then the last is found without going through all, and a restart has them and no more than them', async () => {
    const first = await start();
    for (let count = 0; count < 10_000; count += 1) first.say(GROUP, 'lina', `message ${count}`);
    const url = `${first.url}/api/conversations/${GROUP}/messages`;
    expect(await (await fetch(`${url}?after=9999`)).json()).toMatchObject([{ seq: 10_000 }]);
    expect(await (await fetch(`${url}?limit=2`)).json()).toMatchObject([{ seq: 9_999 }, { seq: 10_000 }]);
    await first.stop();

    const second = await start();
    expect(second.messages(GROUP)).toHaveLength(10_000);
    expect(await readdir(join(folder, 'sub'))).toEqual(['state.jsonl']);
  });
});

describe('the world file of the first start', () => {
  test('then it is valid, and has the group with its administrator, members and outsider, another group, and the operator’s', async () => {
    const file = JSON.parse(await readFile('worlds/first-start.json', 'utf8'));
    const world = worldSchema.parse(file.dingtalk);

    expect(world.conversations).toMatchObject([
      { id: 'cidOpsGroup', title: '短信运维群' },
      { id: 'cidLunchGroup', title: '午餐群' },
      { id: 'cidOperatorGroup', title: '短信平台值班群' },
    ]);
    expect(world.conversations[0]?.members.map((member) => member.role)).toEqual([
      'admin',
      'member',
      'member',
      'outsider',
    ]);
    expect(world.people.filter((person) => person.external).map((person) => person.name)).toEqual(['赵敏']);
  });

  test.each([
    [
      'a person twice',
      {
        people: [
          { userId: 'a', name: 'A' },
          { userId: 'a', name: 'B' },
        ],
      },
    ],
    [
      'a member whom nobody is',
      { conversations: [{ id: 'g', title: 'G', members: [{ userId: 'x', role: 'admin' }] }] },
    ],
    ['an unknown role', { conversations: [{ id: 'g', title: 'G', members: [{ userId: 'a', role: 'boss' }] }] }],
    ['a reserved id', { conversations: [{ id: 'direct:a', title: 'G', members: [{ userId: 'a', role: 'admin' }] }] }],
    ['an unknown key', { extra: 1 }],
  ])('given %s, then it is refused', (_name, wrong) => {
    const world = { app: APP, corpId: 'c', people: [{ userId: 'a', name: 'A' }], conversations: [] };
    expect(worldSchema.safeParse({ ...world, ...wrong }).success).toBe(false);
    expect(worldSchema.parse(world)).toMatchObject({ corpId: 'c' });
  });
});
