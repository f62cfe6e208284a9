import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { memoryFolder, SCRATCH_PREFIX } from './memory-folder.ts';

/**
 * An empty folder that everyone may enter, removed when the test that asked for it has finished.
 *
 * @param root where it lies; what lies in memory may not always be run as a program. Default: in memory, where there is room
 */
export async function scratchFolder(root = memoryFolder()): Promise<string> {
  const folder = await makeFolder(root);
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** One for all tests of a file or a `describe`, where it is asked for outside of them. */
export async function sharedScratchFolder(): Promise<string> {
  const folder = await makeFolder(memoryFolder());
  afterAll(() => removeFolder(folder));
  return folder;
}

async function makeFolder(root: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(root, SCRATCH_PREFIX)));
  await chmod(folder, 0o755);
  return folder;
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
