import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type FileLock, tryLock } from './store/embedded/lock.ts';

/** The files that the sandbox keeps in DATA_DIR, beside the embedded database. */
export const SANDBOX_FILES = {
  /** Conversations and cards. */
  state: 'sandbox.jsonl',
  /** How far the clock is ahead. */
  clock: 'sandbox-clock.json',
  /** Which world this is; also the mark of a folder that is the sandbox's. */
  world: 'sandbox-world.json',
  /** Held while a sandbox runs on the folder. */
  lock: 'sandbox.lock',
} as const;

/** What a sandbox on this machine refuses. `code` is stable; `message` says what is wrong and what to do next. */
export class SandboxModeError extends Error {
  override readonly name = 'SandboxModeError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const recordSchema = z.strictObject({
  id: z.string(),
  /** The file it was set up from, absolute. */
  file: z.string(),
  /** Of the file's content then. */
  digest: z.string(),
});

/** Which world the sandbox in a folder was set up with. */
export type WorldRecord = z.infer<typeof recordSchema>;

/**
 * The world of the sandbox whose data is in `dataDir`; undefined when there is no such data.
 *
 * @throws SandboxModeError `sandbox_data_damaged`
 */
export async function readWorldRecord(dataDir: string): Promise<WorldRecord | undefined> {
  const file = join(dataDir, SANDBOX_FILES.world);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SandboxModeError(
      'sandbox_data_damaged',
      `${file} cannot be read (${error.code}). Make it readable, or choose another DATA_DIR.`,
    );
  });
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SandboxModeError(
      'sandbox_data_damaged',
      `${file} is damaged. Choose another DATA_DIR, or remove the folder ${dataDir} if it is the sandbox's.`,
      { cause },
    );
  }
}

export async function writeWorldRecord(dataDir: string, record: WorldRecord): Promise<void> {
  const file = join(dataDir, SANDBOX_FILES.world);
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
}

/** Keeps others out of the sandbox's files; undefined when another sandbox runs on them. */
export function lockSandbox(dataDir: string): FileLock | undefined {
  return tryLock(join(dataDir, SANDBOX_FILES.lock));
}

/**
 * Keeps a service for real customers off the invented accounts of a sandbox.
 *
 * @throws SandboxModeError `sandbox_data` when the database in `dataDir` is a sandbox's
 */
export async function refuseSandboxData(dataDir: string): Promise<void> {
  if ((await readWorldRecord(dataDir)) === undefined) return;
  throw new SandboxModeError(
    'sandbox_data',
    `A DingTalk app is set, and the database in ${dataDir} is the sandbox's, with its invented accounts. ` +
      'Set DATABASE_URL or another DATA_DIR, or remove the sandbox with "npm run sandbox:reset".',
  );
}
