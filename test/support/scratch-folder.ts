import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** An empty folder that everyone may enter, removed when the test that asked for it has finished. */
export async function scratchFolder(): Promise<string> {
  const folder = await makeFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** One for all tests of a file or a `describe`, where it is asked for outside of them. */
export async function sharedScratchFolder(): Promise<string> {
  const folder = await makeFolder();
  afterAll(() => removeFolder(folder));
  return folder;
}

async function makeFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'sms-steward-scratch-')));
  await chmod(folder, 0o755);
  return folder;
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
