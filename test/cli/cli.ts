import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs the command line as a process of its own, with these settings and no others. */
export async function cli(
  args: readonly string[],
  settings: { env: Record<string, string>; folder: string },
): Promise<Ran> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: settings.folder,
    env: { PATH, HOME, ...settings.env },
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
