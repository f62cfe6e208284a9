import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A lock that one process at a time holds. The operating system gives it back when that process ends, however it ends. */
export interface FileLock {
  /** Gives the lock back; a second call does nothing. */
  release(): void;
}

/**
 * Takes the lock that the file at `path` stands for; `undefined` when someone else holds it, in this process or another.
 *
 * Node has no file locks of its own. SQLite, which comes with it, locks its files through the operating system, so unlike
 * a file with a process id in it this lock is never stale and two programs can never both believe that they took it over.
 */
export function tryLock(path: string): FileLock | undefined {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
    // Whoever can read the file could hold its lock, and keep its owner out.
    chmodSync(path, 0o600);
  } catch (error) {
    file.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return {
    release: () => {
      if (file.isOpen) file.close();
    },
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
