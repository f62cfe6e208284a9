import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const IN_MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
/** A run of all tests needs a few hundred megabytes. */
const NEEDED_BYTES = 2 * 1024 ** 3;

/**
 * Where databases of tests lie: in memory where Linux offers it with room to spare, or else with all temporary files. A clone of a
 * database is some five hundred files, which a busy disk makes many times slower.
 */
export function memoryFolder(): string {
  try {
    const { type, bavail, bsize } = statfsSync(IN_MEMORY);
    if (type === TMPFS && bavail * bsize >= NEEDED_BYTES) return IN_MEMORY;
  } catch {
    // There is none on other systems.
  }
  return tmpdir();
}

/** Wherever a run before may have put its folders: it may have had room in memory, or not. */
export function temporaryFolders(): string[] {
  return [...new Set([IN_MEMORY, tmpdir()])].filter((folder) => existsSync(folder));
}

/** How the names of folders of single tests begin. */
export const SCRATCH_PREFIX = 'sms-steward-scratch-';
