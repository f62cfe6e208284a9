import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Message } from '../../src/sandbox/conversations.ts';
import { runToEnd, startProgram } from '../support/program.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { createTestDatabase } from '../support/test-database.ts';

const OVERDUE = fileURLToPath(new URL('../../worlds/overdue.json', import.meta.url));
const BUSY = fileURLToPath(new URL('../../worlds/busy-company.json', import.meta.url));
const { url: databaseUrl } = await createTestDatabase();

async function toldInGroup(sandbox: string): Promise<string[]> {
  const answer = await fetch(`${sandbox}/api/conversations/cidOpsGroup/messages`);
  return ((await answer.json()) as Message[]).map(({ text }) => text);
}

/** Follows the sandbox's events until the group has been told this many things. */
async function waitForTold(sandbox: string, count: number): Promise<string[]> {
  const stop = new AbortController();
  const events = await fetch(`${sandbox}/api/events`, { signal: stop.signal });
  try {
    for await (const _ of events.body ?? []) {
      const told = await toldInGroup(sandbox);
      if (told.length >= count) return told;
    }
  } finally {
    stop.abort();
  }
  throw new Error('the events ended');
}

test('given npm start -- --world, then that world runs, tells its group once, and stays over a start without --world', async () => {
  const folder = await scratchFolder();
  const env = { DATABASE_URL: databaseUrl, DATA_DIR: 'data' };
  const first = await startProgram({ args: ['--world', OVERDUE], env, folder });
  expect(first.said).toContain('The world "overdue"');
  // Exhausted, overdue, and a renewal that lacks the money: each can be answered on its own.
  const told = await waitForTold(first.sandbox, 3);
  expect(told.filter((text) => text.includes('短信**已停发**'))).toHaveLength(1);
  await first.stop();

  const again = await startProgram({ env, folder });
  expect(again.said).toContain('The world "overdue"');
  // Moving the clock runs what is due, so whatever would be told again has been told when it answers.
  const advanced = await fetch(`${again.sandbox}/api/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'PT1M' }),
  });
  expect(advanced.status).toBe(200);
  expect(await toldInGroup(again.sandbox)).toEqual(told);

  // Another world on the same data, while it runs and afterwards.
  const other = await runToEnd('main.ts', { args: ['--world', BUSY], env, folder });
  expect([other.code, other.out]).toEqual([1, '']);
  expect(other.error).toContain('holds the world "overdue"');
  expect(other.error).toMatch(/DATA_DIR=.*sandbox:reset/s);
  const second = await runToEnd('main.ts', { env, folder });
  expect([second.code, second.error]).toEqual([1, expect.stringContaining('A sandbox runs on')]);
  await again.stop();
});

describe('given a start that cannot be', () => {
  const unreachable = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', DATA_DIR: 'data' };

  test.each([
    ['a world that is not there', ['--world', 'nowhere.json'], /nowhere\.json cannot be read \(ENOENT\)/],
    ['a world that is not JSON', ['--world', 'bad.json'], /bad\.json cannot be used:\n {2}it is not JSON/],
    ['an option that is not there', ['--wrold', 'x'], /Unknown option '--wrold'[\s\S]*--world FILE/],
    ['an argument', ['worlds/overdue.json'], /Unexpected argument[\s\S]*--world FILE/],
  ])('when it has %s, then it says so before it starts anything', async (_, args, said) => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'bad.json'), '{');
    const { code, out, error } = await runToEnd('main.ts', { args, env: unreachable, folder });
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(said);
  });

  const app = { DINGTALK_CLIENT_ID: 'dingapp', DINGTALK_CLIENT_SECRET: 'secret' };

  test('when an app is set, then --world is refused', async () => {
    const folder = await scratchFolder();
    const { code, error } = await runToEnd('main.ts', {
      args: ['--world', OVERDUE],
      env: { ...unreachable, ...app },
      folder,
    });
    expect([code, error]).toEqual([1, expect.stringContaining('--world is for the sandbox')]);
  });

  test("when an app is set and the database is a sandbox's, then customers are kept off it", async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'sandbox-world.json'), JSON.stringify({ id: 'x', file: '/x.json', digest: 'x' }));
    const { code, error } = await runToEnd('main.ts', { env: { ...app, DATA_DIR: folder }, folder });
    expect([code, error]).toEqual([1, expect.stringContaining("is the sandbox's")]);
  });
});

describe('given a port that another program listens on', () => {
  test.for(['PORT', 'SANDBOX_PORT'])(
    'when it is that of %s, then the start is refused by naming the setting',
    async (setting) => {
      const folder = await scratchFolder();
      const other = createServer().listen(0, '127.0.0.1');
      onTestFinished(async () => {
        other.close();
      });
      await once(other, 'listening');
      const address = other.address();
      const port = typeof address === 'object' && address ? String(address.port) : '';
      const { url } = await createTestDatabase();
      const env = { DATABASE_URL: url, DATA_DIR: 'data', [setting]: port };
      const { code, error } = await runToEnd('main.ts', { env, folder });
      expect([code, error]).toEqual([
        1,
        `Port ${port} of 127.0.0.1 is taken by another program. Stop that one, or set ${setting} to a free port.\n`,
      ]);
    },
  );
});
