import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '../../log.ts';
import { type Installation, runProgram } from './server-process.ts';

const run = promisify(execFile);
const STOP_SECONDS = '60';

/**
 * Makes way for a new server on the place, whose lock the caller holds: a server that still runs there has lost its program
 * (`kill -9`) and is stopped; a `postmaster.pid` that names a process of someone else is made harmless.
 *
 * @throws StoreError `leftover_server` when a server still runs there and does not stop
 */
export async function clearLeftover(installation: Installation, logger: Logger): Promise<void> {
  const { cluster } = installation.place;
  const pidFile = join(cluster, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => undefined);
  const pid = Number(content?.split('\n', 1)[0]);
  if (content === undefined || !isRunning(pid)) return;

  if (await isServerOf(pid, cluster)) {
    logger.warn('a PostgreSQL server is left from a program that was killed; stopping it');
    const stop = ['stop', '-D', cluster, '-w', '-t', STOP_SECONDS, '-m'];
    await runProgram(installation, 'leftover_server', 'pg_ctl', [...stop, 'fast']).catch(async () => {
      await runProgram(installation, 'leftover_server', 'pg_ctl', [...stop, 'immediate']);
    });
    return;
  }
  // The number was reused, after a reboot or in a new container, by a process that has nothing to do with it. PostgreSQL
  // takes any running process for a server, except its own parent. Removing the file instead would switch off its check
  // that no orphaned back end still uses the shared memory that the file names.
  await writeFile(pidFile, content.replace(/^.*/, String(process.pid)));
}

/** The port of the server that runs on `cluster`, once it accepts connections. */
export async function portOfRunning(cluster: string): Promise<number | undefined> {
  const content = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  // Lines: process id, data folder, start time, port, socket folder, address, shared memory, status.
  const lines = content?.split('\n') ?? [];
  return lines[7]?.trim() === 'ready' ? Number(lines[3]) : undefined;
}

/** Whether a server works on `cluster`, be it one that lost its program. */
export async function serverRunsOn(cluster: string): Promise<boolean> {
  const content = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const pid = Number(content?.split('\n', 1)[0]);
  return content !== undefined && isRunning(pid) && (await isServerOf(pid, cluster));
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A server works in its data folder; where the system does not tell that, its command line names it. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  const folder = await realpath(cluster);
  if (process.platform === 'linux') {
    return await readlink(`/proc/${pid}/cwd`).then(
      (cwd) => cwd === folder,
      () => false,
    );
  }
  return await run('ps', ['-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout.includes('postgres') && stdout.includes(folder),
    () => false,
  );
}
