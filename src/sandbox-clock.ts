import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OffsetClock } from './clock.ts';
import { SANDBOX_FILES } from './sandbox-data.ts';

/** The sandbox's clock as it was left: it runs on from there, so that no entry lies in the future after a restart. */
export async function readSandboxClock(dataDir: string): Promise<OffsetClock> {
  const text = await readFile(join(dataDir, SANDBOX_FILES.clock), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"offset":"PT0S"}';
    throw error;
  });
  return new OffsetClock(JSON.parse(text).offset);
}

/** Keeps how far the sandbox's clock is ahead. */
export async function writeSandboxClock(dataDir: string, clock: OffsetClock): Promise<void> {
  const file = join(dataDir, SANDBOX_FILES.clock);
  await writeFile(`${file}.new`, JSON.stringify({ offset: clock.offset.toString() }));
  await rename(`${file}.new`, file);
}
