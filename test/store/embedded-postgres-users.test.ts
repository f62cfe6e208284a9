import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { installedBinaries, reachableBinaries } from '../../src/store/embedded/binaries.ts';
import { findPlace } from '../../src/store/embedded/place.ts';
import { runProgram } from '../../src/store/embedded/server-process.ts';
import { canEnter, runsAsRoot, serverUser } from '../../src/store/embedded/server-user.ts';
import { SHARED_FOLDER, startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { useDataFolder } from '../support/used-data-folder.ts';

const PROGRAM = fileURLToPath(new URL('../support/embedded-postgres-program.ts', import.meta.url));
const logger = createLogger({ level: 'silent' });
const settings = { fsync: 'off' };
const aUsedFolder = await useDataFolder();

/** The user `nobody`, as every system numbers it that this runs on as root. */
const ordinary = { uid: 65534, gid: 65534 };
const root = runsAsRoot();
/** An ordinary user can run this checkout only where it may enter it. */
const reachable = root && (await canEnter(fileURLToPath(new URL('../..', import.meta.url)), ordinary));

describe.runIf(root)('given a program that runs as root', () => {
  test('when the folder is open, then the data is in it and belongs to the user of the server, the rest to root', async () => {
    const dataDir = join(await scratchFolder(), 'postgres');
    const { url } = await start(dataDir);
    expect(await answerOf(url)).toBe(42);
    expect((await lstat(dataDir)).isDirectory()).toBe(true);
    expect((await stat(join(dataDir, 'cluster'))).uid).toBe((await serverUser()).uid);
    expect((await stat(join(dataDir, 'password'))).uid).toBe(0);
  });

  test('when only root may enter the folder, then it links to data in the shared folder, and finds it again', async () => {
    const scratch = await scratchFolder();
    const closed = join(scratch, 'closed');
    const shared = join(scratch, 'shared');
    await mkdir(closed, { mode: 0o700 });
    const dataDir = join(closed, 'data', 'postgres');

    const first = await start(dataDir, shared);
    await keepAnswer(first.url);
    await first.stop();
    expect(await readlink(dataDir)).toMatch(new RegExp(`^${shared}/[0-9a-f]{8}$`));
    expect(await readFile(join(dataDir, 'README'), 'utf8')).toContain(dataDir);

    const second = await start(dataDir, shared);
    expect(await keptAnswer(second.url)).toBe(42);
    expect(await dataFolders(shared)).toHaveLength(1);
  });

  test('when the data was moved below a closed folder, then it says how to move it out', async () => {
    const dataDir = await aUsedFolder();
    await chmod(dirname(dataDir), 0o700);
    const failure = start(dataDir);
    await expect(failure).rejects.toMatchObject({
      code: 'data_folder_unreachable',
      message: expect.stringContaining('mv '),
    });
  });

  test('when the link leads nowhere, then it says so and makes nothing', async () => {
    const scratch = await scratchFolder();
    const closed = join(scratch, 'closed');
    const shared = join(scratch, 'shared');
    await mkdir(closed, { mode: 0o700 });
    await (await start(join(closed, 'postgres'), shared)).stop();
    await rm(await realpath(join(closed, 'postgres')), { recursive: true });
    await expect(start(join(closed, 'postgres'), shared)).rejects.toMatchObject({ code: 'data_folder_missing' });
    expect(await dataFolders(shared)).toEqual([]);
  });

  test('when everything was given to root meanwhile, then the server gets its data back', async () => {
    const dataDir = await aUsedFolder();
    const first = await start(dataDir);
    await keepAnswer(first.url);
    await first.stop();
    const { cluster } = await findPlace(dataDir, SHARED_FOLDER);
    for (const entry of await readdir(cluster, { recursive: true })) await chown(join(cluster, entry), 0, 0);
    await chown(cluster, 0, 0);

    const second = await start(dataDir);
    expect(await keptAnswer(second.url)).toBe(42);
  });

  test('when only root may enter the folder of the programs, then they are copied once, and the copy runs', async () => {
    const scratch = await scratchFolder(tmpdir());
    const closed = join(scratch, 'closed');
    const shared = join(scratch, 'shared');
    const installed = await installedBinaries();
    await mkdir(closed, { mode: 0o700 });
    await cp(installed.folder, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    const locked = { folder: join(closed, 'native'), version: installed.version };
    const identity = await serverUser();

    const [copy, other] = await Promise.all([
      reachableBinaries(locked, identity, shared),
      reachableBinaries(locked, identity, shared),
    ]);
    expect(copy.folder).toBe(join(shared, `postgres-${installed.version}-${process.platform}-${process.arch}`));
    expect(other).toEqual(copy);
    expect(await readdir(shared)).toHaveLength(1);
    const place = { home: scratch, cluster: scratch, identity };
    for (const program of ['initdb', 'pg_ctl', 'postgres']) {
      await runProgram({ binaries: copy, place }, 'init_failed', program, ['--version']);
    }
  });
});

describe.runIf(reachable)('given a program that runs as an ordinary user', () => {
  test('when it starts, then the data is its own', async () => {
    const folder = await scratchFolder();
    await chown(folder, ordinary.uid, ordinary.gid);
    const answer = await startAsOrdinary(join(folder, 'data', 'postgres'));
    expect(answer).toHaveProperty('url');
    expect(await answerOf(answer.url ?? '')).toBe(42);
    expect((await stat(join(folder, 'data', 'postgres', 'cluster'))).uid).toBe(ordinary.uid);
  });

  test('when root started it before, then it is told whose folder it is', async () => {
    expect(await startAsOrdinary(await aUsedFolder())).toMatchObject({ code: 'data_folder_denied' });
  });

  test('when root starts it afterwards, then the data stays with the user', async () => {
    const folder = await scratchFolder();
    const dataDir = join(folder, 'postgres');
    await chown(folder, ordinary.uid, ordinary.gid);
    expect(await startAsOrdinary(dataDir, { end: true })).toHaveProperty('url');
    await (await start(dataDir)).stop();
    expect((await stat(join(dataDir, 'cluster'))).uid).toBe(ordinary.uid);
    expect(await startAsOrdinary(dataDir)).toHaveProperty('url');
  });
});

async function start(dataDir: string, sharedFolder = SHARED_FOLDER): Promise<{ url: string; stop(): Promise<void> }> {
  const server = await startEmbeddedPostgres({ dataDir, sharedFolder, logger, settings });
  onTestFinished(() => server.stop());
  return server;
}

async function startAsOrdinary(dataDir: string, { end = false } = {}): Promise<{ url?: string; code?: string }> {
  const child = spawn(process.execPath, [PROGRAM, dataDir], {
    ...ordinary,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const [line] = await once(createInterface(child.stdout), 'line');
  const finish = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exit;
  };
  if (end) await finish();
  else onTestFinished(finish);
  return JSON.parse(line);
}

/** The folder may hold a copy of PostgreSQL's programs, too. */
async function dataFolders(shared: string): Promise<string[]> {
  return (await readdir(shared)).filter((name) => !name.startsWith('postgres-'));
}

const answerOf = (url: string): Promise<unknown> => query(url, 'select 42 as answer');
const keepAnswer = (url: string): Promise<unknown> => query(url, 'create table kept as select 42 as answer');
const keptAnswer = (url: string): Promise<unknown> => query(url, 'select answer from kept');

async function query(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(statement);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}
