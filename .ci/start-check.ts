import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

// Starts the program as the README says, twice on the same data: says 余额 in the sandbox, sees the answer, stops it with
// SIGTERM. Prints one line per start and, last, how many of them went well.

// They end only what hangs: the machine may be busy.
const READY_WITHIN_MS = 180_000;
const ANSWER_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 60_000;
const GROUP = 'cidOpsGroup';
const ADMINISTRATOR = 'zhangwei';

const message = z.object({ seq: z.number(), from: z.string(), text: z.string(), title: z.string().nullable() });

const dataDir = await mkdtemp(join(tmpdir(), 'sms-steward-start-'));
// As root the database runs as another user, who must be able to enter; or else its data would go elsewhere.
await chmod(dataDir, 0o755);
let passed = 0;
let failed = 0;
try {
  for (const start of ['first start', 'second start']) {
    try {
      console.log(`ok: ${start}: ${await checkStart()}`);
      passed++;
    } catch (error) {
      console.log(`not ok: ${start}: ${error instanceof Error ? error.message : error}`);
      failed++;
    }
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
console.log(`start-check: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function checkStart(): Promise<string> {
  const environment = Object.entries(process.env).filter(([name]) => !/^(DINGTALK_|DATABASE_)/.test(name));
  const began = performance.now();
  const program = spawn('npm', ['start'], {
    env: {
      ...Object.fromEntries(environment),
      PORT: '0',
      SANDBOX_PORT: '0',
      DATA_DIR: dataDir,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, so that nothing of it is left when a check fails.
    detached: true,
  });
  const exit = once(program, 'exit');
  try {
    const early = exit.then(([code, signal]) => {
      throw new Error(`npm start ended before it was ready: ${signal ?? `exit code ${code}`}`);
    });
    early.catch(() => undefined);
    const told = Promise.race([early, announced(program)]);
    const { sandbox, service } = await within(READY_WITHIN_MS, 'npm start is not ready', told);
    const ready = Math.round(performance.now() - began);
    const { status } = await fetch(`${service}/readyz`);
    if (status !== 200) throw new Error(`GET /readyz answers ${status} although the program says that it is ready`);
    const answer = await askForBalance(sandbox);

    program.kill('SIGTERM');
    const [code, signal] = await within(STOP_WITHIN_MS, 'npm start does not stop', exit);
    if (code !== 0) throw new Error(`SIGTERM ended npm start with ${signal ?? `exit code ${code}`}, not with 0`);
    if (await exists(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'))) {
      throw new Error('the database server was left running');
    }
    return `ready after ${ready} ms; 余额 answered: ${answer.replaceAll('\n', ' ').slice(0, 100)}`;
  } finally {
    killGroup(program);
  }
}

/** Where the program says that its sandbox and the service are; both are free ports. */
async function announced(program: ChildProcess): Promise<{ sandbox: string; service: string }> {
  if (!program.stdout) throw new TypeError('the standard output is a pipe');
  let said = '';
  for await (const line of createInterface(program.stdout)) {
    said += `${line}\n`;
    const [, sandbox] = /Open +(http:\S+)/.exec(said) ?? [];
    const [, service] = /usage at (http:\S+)\./.exec(said) ?? [];
    if (/\bready\b/i.test(said) && sandbox && service) {
      program.stdout.resume();
      return { sandbox, service };
    }
  }
  // The program has ended, or closed its output: its exit or the time limit tells.
  return new Promise<never>(() => {});
}

async function askForBalance(sandbox: string): Promise<string> {
  const messages = `${sandbox}/api/conversations/${GROUP}/messages`;
  const posted = await fetch(messages, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId: ADMINISTRATOR, text: '余额' }),
  });
  if (!posted.ok) throw new Error(`posting 余额 answers ${posted.status}: ${await posted.text()}`);
  const { seq } = message.parse(await posted.json());
  const answer = async (): Promise<string> => {
    for (;;) {
      const found = z.array(message).parse(await (await fetch(`${messages}?after=${seq}`)).json());
      const said = found.filter(({ from }) => from === 'bot').map(({ title, text }) => `${title ?? ''} ${text}`);
      const balance = said.find((text) => text.includes('余额'));
      if (balance) return balance;
      await pause(50);
    }
  };
  return await within(ANSWER_WITHIN_MS, 'the bot does not answer 余额', answer());
}

async function within<T>(milliseconds: number, complaint: string, result: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = pause(milliseconds, undefined, { signal: done.signal }).then(() => {
    throw new Error(`${complaint} after ${milliseconds / 1000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([result, late]);
  } finally {
    done.abort();
  }
}

function killGroup(program: ChildProcess): void {
  try {
    if (program.pid !== undefined) process.kill(-program.pid, 'SIGKILL');
  } catch {
    // It has ended, with all that belonged to it.
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
