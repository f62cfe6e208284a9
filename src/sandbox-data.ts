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
  readonly code: keyof typeof CHINESE;

  constructor(code: keyof typeof CHINESE, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The sentence in Chinese; what it is about, a path or what is wrong in a file, stands in the English one alone. */
  get chinese(): string {
    return CHINESE[this.code];
  }
}

const CHINESE = {
  database_is_yours:
    '设置了 DATABASE_URL，沙盒的账户在那个数据库里，这里不会删除它。请给沙盒另一个数据库，或取消 DATABASE_URL。',
  sandbox_data:
    '设置了钉钉应用，而这个文件夹里是沙盒的数据库。请设置 DATABASE_URL 或另一个 DATA_DIR，或用 npm run sandbox:reset 清除沙盒。',
  sandbox_data_damaged: '沙盒的数据文件无法读取或已损坏。请恢复它，或换一个 DATA_DIR。',
  sandbox_data_missing: '这个文件夹里没有沙盒，没有删除任何内容。请确认 DATA_DIR 是启动沙盒时用的文件夹。',
  sandbox_in_use: '这个文件夹上已有沙盒或命令在运行。请停止它再试，或给这一个单独的 DATA_DIR。',
  world_differs: '这个文件夹里是另一个世界。请给这个世界单独的 DATA_DIR，或用 npm run sandbox:reset 清除原来的。',
  world_invalid: '世界文件无法使用。请改正下面列出的问题，或用另一个文件启动：npm start -- --world FILE。',
  world_refused: '无法按这个世界文件建立数据。请改正文件后重新启动。',
  world_unreadable: '无法读取世界文件。请给出一个世界文件的路径，例如 npm start -- --world worlds/first-start.json。',
} as const;

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
