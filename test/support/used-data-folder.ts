import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLogger } from '../../src/log.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { scratchFolder, sharedScratchFolder } from './scratch-folder.ts';

/**
 * Runs an embedded server once. What it answers makes a copy of its data folder for a test, which then need not wait for `initdb`.
 * Call it at the top of a file.
 */
export async function useDataFolder(): Promise<() => Promise<string>> {
  const original = join(await sharedScratchFolder(), 'postgres');
  const logger = createLogger({ level: 'silent' });
  const server = await startEmbeddedPostgres({ dataDir: original, logger, settings: { fsync: 'off' } });
  await server.stop();
  return async () => {
    const copy = join(await scratchFolder(), 'postgres');
    await promisify(execFile)('cp', ['-a', original, copy]);
    return copy;
  };
}
