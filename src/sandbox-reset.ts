import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from './config.ts';
import { lockSandbox, readWorldRecord, SANDBOX_FILES, SandboxModeError } from './sandbox-data.ts';
import { tryLock } from './store/embedded/lock.ts';
import { removeEmbeddedPostgres } from './store/embedded/remove.ts';
import { failureText } from './tell-failure.ts';

/** What the sandbox, its database and the command line make in DATA_DIR. The mark goes last: a reset that is broken off can be repeated. */
const FILES = [SANDBOX_FILES.state, SANDBOX_FILES.clock, 'cli.lock', SANDBOX_FILES.lock].flatMap((name) => [
  name,
  `${name}.new`,
  `${name}.next`,
  `${name}-journal`,
]);
/** Files that the bot uploaded to the sandbox. */
const MEDIA = `${SANDBOX_FILES.state}.media`;
const MARK = [`${SANDBOX_FILES.world}.new`, SANDBOX_FILES.world];

/**
 * Removes what a sandbox has kept in `dataDir`, and nothing else; the folder too, when nothing else is in it.
 *
 * @returns what was removed
 * @throws SandboxModeError `sandbox_data_missing` for a folder without a sandbox, `sandbox_in_use`; StoreError what
 *   `removeEmbeddedPostgres` refuses
 */
async function resetSandbox(dataDir: string): Promise<string[]> {
  if ((await readWorldRecord(dataDir)) === undefined) {
    throw new SandboxModeError(
      'sandbox_data_missing',
      `There is no sandbox in ${dataDir} (it would have a file ${SANDBOX_FILES.world}); nothing was removed. ` +
        'See that DATA_DIR names the folder that the sandbox was started with.',
    );
  }
  const locks = [];
  try {
    for (const lock of [lockSandbox(dataDir), tryLock(join(dataDir, 'cli.lock'))]) {
      if (!lock) {
        throw new SandboxModeError(
          'sandbox_in_use',
          `A sandbox or a command runs on ${dataDir}; nothing was removed. Stop it, and try again.`,
        );
      }
      locks.push(lock);
    }
    const removed = await removeEmbeddedPostgres(join(dataDir, 'postgres'));
    await rm(join(dataDir, MEDIA), { recursive: true, force: true });
    for (const name of [...FILES, ...MARK]) await rm(join(dataDir, name), { force: true });
    const left = await readdir(dataDir);
    if (left.length > 0) return [...removed, `the sandbox's files in ${dataDir}; left there: ${left.join(', ')}`];
    await rmdir(dataDir);
    return [...removed, dataDir];
  } finally {
    for (const lock of locks) lock.release();
  }
}

try {
  const config = loadConfig();
  if (config.database.url !== null) {
    throw new SandboxModeError(
      'database_is_yours',
      'DATABASE_URL is set, so the sandbox keeps its accounts in that database, which is not removed here. Give the sandbox ' +
        'another database, or unset DATABASE_URL to remove what is in DATA_DIR.',
    );
  }
  const removed = await resetSandbox(config.dataDir);
  console.log(`Removed:\n  ${removed.join('\n  ')}\nThe next "npm start" begins anew.`);
} catch (error) {
  console.error(failureText(error, process.env));
  process.exitCode = 1;
}
