import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const SOURCES = new URL('../../src/', import.meta.url);

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** A program that says that it is ready, and runs. */
export interface RunningProgram {
  /** What it said until it was ready. */
  readonly said: string;
  /** Where its sandbox is. */
  readonly sandbox: string;
  /** Ends it as Ctrl+C does, and waits for that. */
  stop(): Promise<void>;
}

interface Start {
  readonly args?: readonly string[];
  readonly env: Record<string, string>;
  /** The working directory; a `.env` in it counts. */
  readonly folder: string;
}

/** Starts the sandbox as a process of its own with these settings and no others; it is ended with the test at the latest. */
export async function startProgram(start: Start): Promise<RunningProgram> {
  const { child, output } = run('main.ts', start);
  const ended = once(child, 'close');
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  const ready = Promise.withResolvers<void>();
  child.stdout?.on('data', () => {
    if (output.out.includes('Stop with Ctrl+C')) ready.resolve();
  });
  ended.then(() => ready.reject(new Error(`the program ended before it was ready: ${output.out}${output.error}`)));
  ready.promise.catch(() => {});
  await ready.promise;
  return {
    said: output.out,
    sandbox: /Open +(http:\S+)/.exec(output.out)?.[1] ?? '',
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`the program ended with ${code}: ${output.error}`);
    },
  };
}

/** Runs a program of `src/` to its end, with these settings and no others. */
export async function runToEnd(file: string, start: Start): Promise<Ended> {
  const { child, output } = run(file, start);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

function run(file: string, { args = [], env, folder }: Start): { child: ChildProcess; output: Omit<Ended, 'code'> } {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, SOURCES)), ...args], {
    cwd: folder,
    env: { PATH, HOME, NODE_COMPILE_CACHE, PORT: '0', SANDBOX_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.error += text;
  });
  return { child, output };
}
