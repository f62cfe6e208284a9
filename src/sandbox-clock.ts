import { renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OffsetClock } from './clock.ts';
import { SANDBOX_FILES } from './sandbox-data.ts';

/**
 * The sandbox's clock as it was left: it runs on from there, so that no entry lies in the future after a restart.
 *
 * @returns a clock that nobody moves; who moves it takes `keptSandboxClock`
 */
export async function readSandboxClock(dataDir: string): Promise<OffsetClock> {
  return new OffsetClock(await readOffset(dataDir));
}

/** The sandbox's clock as it was left, which keeps how far ahead it is whenever it is moved. */
export async function keptSandboxClock(dataDir: string): Promise<OffsetClock> {
  return new KeptClock(dataDir, await readOffset(dataDir));
}

async function readOffset(dataDir: string): Promise<string> {
  const text = await readFile(join(dataDir, SANDBOX_FILES.clock), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"offset":"PT0S"}';
    throw error;
  });
  return JSON.parse(text).offset;
}

class KeptClock extends OffsetClock {
  readonly #dataDir: string;

  constructor(dataDir: string, offset: string) {
    super(offset);
    this.#dataDir = dataDir;
  }

  override jumpTo(instant: Temporal.Instant): void {
    super.jumpTo(instant);
    writeSandboxClock(this.#dataDir, this);
  }
}

/**
 * Keeps how far the sandbox's clock is ahead. Not asynchronous: a move of months stops at every job on its way, and a program that is
 * killed between the two must not find entries of a time to which its clock has not come.
 */
export function writeSandboxClock(dataDir: string, clock: OffsetClock): void {
  const file = join(dataDir, SANDBOX_FILES.clock);
  writeFileSync(`${file}.new`, JSON.stringify({ offset: clock.offset.toString() }));
  renameSync(`${file}.new`, file);
}
