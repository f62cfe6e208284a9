import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../src/cli/run.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

interface Settings {
  readonly env: Record<string, string>;
  /** The working directory; a `.env` in it counts. */
  readonly folder: string;
}

/** Carries out a command line in the process of the test, with these settings and no others. */
export async function cli(args: readonly string[], settings: Settings): Promise<Ran> {
  const said = { out: '', error: '' };
  const code = await runCli(args, {
    settings,
    out: (line) => {
      said.out += `${line}\n`;
    },
    error: (line) => {
      said.error += `${line}\n`;
    },
  });
  return { code, ...said };
}

/**
 * The same as the operator has it, a process of its own: for the entry itself, for files beside the working directory, and for what two
 * processes do to each other.
 */
export async function cliProcess(args: readonly string[], { env, folder }: Settings): Promise<Ran> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, error };
}

/** The answer of a command that was called with `--json` and must succeed. */
export function jsonOf(ran: Ran): Record<string, unknown> {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.error}`);
  return JSON.parse(ran.out);
}

/** The code of the error of a command that must fail. */
export function codeOf(ran: Ran): string {
  return /^([a-z_]+): /.exec(ran.error)?.[1] ?? `no code in ${JSON.stringify(ran)}`;
}
