import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { launchBrowser } from './support/browser.ts';
import { visit } from './support/visit.ts';

/**
 * `npm run screenshots`: starts the program on an empty data folder, plays a short story in its sandbox, and takes the picture of the
 * README, docs/screenshot.png.
 */

const root = join(import.meta.dirname, '../..');
const picture = join(root, 'docs/screenshot.png');
const group = 'cidOpsGroup';
const administrator = 'zhangwei';
const member = 'lina';
const patienceMs = 60_000;

interface Message {
  seq: number;
  from: string;
}

const folder = await mkdtemp(join(tmpdir(), 'sms-steward-screenshots-'));
const ports = { PORT: await freePort(), SANDBOX_PORT: await freePort() };
const url = `http://127.0.0.1:${ports.SANDBOX_PORT}`;
const program = startProgram();
try {
  await until('the bot is connected', async () => {
    const answer = await fetch(`${url}/api/connection`).catch(() => undefined);
    return answer?.ok === true && ((await answer.json()) as { connections: number }).connections > 0;
  });
  await play();
  await takePicture();
  console.log(`Wrote ${picture}`);
} finally {
  await stop(program);
  await rm(folder, { recursive: true, force: true });
}

/** A question, a plan that runs down until the administrator is told, and a request that needs the administrator. */
async function play(): Promise<void> {
  await ask(member, '余额');
  const seq = await ask(administrator, '余量');
  const told = async () => (await isToldSince(seq, group)) || (await isToldSince(seq, `direct:${administrator}`));
  for (let sent = 0; sent < 100_000 && !(await told()); sent += 10_000) {
    await post('/api/sms', { destination: 'mainland', templateType: 'verification', count: 10_000 });
    await post('/api/clock/advance', { by: 'PT1M' });
  }
  await until('the administrator is told', told);
  await ask(member, '自动续费 关');
}

async function takePicture(): Promise<void> {
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await visit(browser, url, { colorScheme: 'light', deviceScaleFactor: 1.5 });
    await page.locator('.message').last().waitFor();
    await page.evaluate('document.fonts.ready');
    await page.screenshot({ path: picture, animations: 'disabled' });
    if (complaints.length > 0) throw new Error(`The page complained: ${complaints.join('\n')}`);
  } finally {
    await browser.close();
  }
}

/** Says something in the group and waits for the bot's answer to it. Resolves with the answer's `seq`. */
async function ask(userId: string, text: string): Promise<number> {
  const { seq } = (await post(`/api/conversations/${group}/messages`, { userId, text })) as Message;
  await until(`the bot answers “${text}”`, () => isToldSince(seq, group));
  return (await messagesSince(seq, group)).at(-1)?.seq ?? seq;
}

async function isToldSince(seq: number, conversationId: string): Promise<boolean> {
  return (await messagesSince(seq, conversationId)).some(({ from }) => from === 'bot');
}

async function messagesSince(seq: number, conversationId: string): Promise<Message[]> {
  const answer = await fetch(`${url}/api/conversations/${encodeURIComponent(conversationId)}/messages?after=${seq}`);
  return (await answer.json()) as Message[];
}

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

function startProgram(): ChildProcess {
  const env = { ...process.env, PORT: String(ports.PORT), SANDBOX_PORT: String(ports.SANDBOX_PORT), DATA_DIR: folder };
  return spawn(process.execPath, ['src/main.ts'], { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (program.exitCode !== null) throw new Error(`The program ended with code ${program.exitCode} before ${what}.`);
    if (performance.now() > deadline) throw new Error(`Waited ${patienceMs / 1000} s in vain until ${what}.`);
    await pause(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The machine gave no free port.');
  return address.port;
}
