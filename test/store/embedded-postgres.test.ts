import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { installedBinaries, reachableBinaries } from '../../src/store/embedded/binaries.ts';
import { findPlace } from '../../src/store/embedded/place.ts';
import { runProgram } from '../../src/store/embedded/server-process.ts';
import { type EmbeddedPostgres, SHARED_FOLDER, startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { useDataFolder } from '../support/used-data-folder.ts';

const PROGRAM = fileURLToPath(new URL('../support/embedded-postgres-program.ts', import.meta.url));
const logger = createLogger({ level: 'silent' });
const aUsedFolder = await useDataFolder();

test('given an empty folder, when it is started, stopped and started again, then it is durable and has its data', async () => {
  const dataDir = join(await scratchFolder(), 'postgres');

  const first = await start({ dataDir, settings: {} });
  expect(await query(first.url, 'show fsync')).toBe('on');
  expect(await query(first.url, 'show listen_addresses')).toBe('127.0.0.1');
  expect(await query(first.url, 'show unix_socket_directories')).toBe('');
  // Code points decide, on every machine: capitals come first, and 帮 (U+5E2E) before 余 is wrong, 余 is U+4F59.
  expect(await query(first.url, `select string_agg(c, '' order by c) from unnest('{帮,a,余,B,É}'::text[]) c`)).toBe(
    'BaÉ余帮',
  );
  expect(await query(first.url, `select lower('É')`)).toBe('é');
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  await first.stop();

  const second = await start({ dataDir });
  expect(await query(second.url, 'select answer from kept')).toBe(42);
});

test('given a server, when somebody connects without its password, then it refuses; and only its owner can read that', async () => {
  const dataDir = await aUsedFolder();
  const { url } = await start({ dataDir });
  const stranger = new URL(url);
  stranger.password = 'guess';
  await expect(query(stranger.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
});

test('given a statement that fails, when it carries a phone number, then no line of the log does', async () => {
  const dataDir = await aUsedFolder();
  const lines: string[] = [];
  const listening = createLogger({ level: 'silent' });
  listening.debug = listening.warn = (line: unknown) => void lines.push(String(line));
  const { url } = await start({ dataDir, logger: listening });
  await query(url, 'create table phones (phone text primary key)');
  await query(url, `insert into phones values ('13800138000')`);
  await expect(query(url, `insert into phones values ('13800138000')`)).rejects.toThrow('duplicate key');
  expect(lines.join('\n')).toContain('ready to accept connections');
  expect(lines.join('\n')).not.toContain('13800138000');
});

test('given a folder in use, when a second program starts on it, then it is told so; sharing, it gets the same server', async () => {
  const dataDir = await aUsedFolder();
  const { url } = await start({ dataDir });
  await expect(start({ dataDir })).rejects.toMatchObject({ name: 'StoreError', code: 'data_folder_in_use' });
  expect(await startProgram(dataDir).answer).toMatchObject({ code: 'data_folder_in_use' });

  const shared = await start({ dataDir, share: true });
  expect(shared.url).toBe(url);
  await shared.stop();
  expect(await query(url, 'select 1 as up')).toBe(1);
});

test('given an empty folder, when two start on it at once, then one has it and the other is told so', async () => {
  const dataDir = join(await scratchFolder(), 'postgres');
  const outcomes = await Promise.allSettled([start({ dataDir }), start({ dataDir })]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(refused?.reason).toMatchObject({ code: 'data_folder_in_use' });
});

test('given a first start that is still making the database, when another one shares, then it waits and gets that server', async () => {
  const dataDir = join(await scratchFolder(), 'postgres');
  const [first, second] = await Promise.all([start({ dataDir, share: true }), start({ dataDir, share: true })]);
  expect(second.url).toBe(first.url);
});

test('given a program killed with SIGKILL, then its server ends too, and the next start has all that was committed', async () => {
  const dataDir = await aUsedFolder();
  const program = startProgram(dataDir);
  const { url = '' } = await program.answer;
  await query(url, 'create table kept as select 42 as answer');
  const ended = connectionEnd(await connect(url));

  program.process.kill('SIGKILL');
  await ended;
  const next = await start({ dataDir });
  expect(await query(next.url, 'select answer from kept')).toBe(42);
});

test('given a program that ends in order, then its server is gone', async () => {
  const program = startProgram(await aUsedFolder());
  const { url = '' } = await program.answer;
  program.process.kill('SIGTERM');
  const [code] = await once(program.process, 'exit');
  expect(code).toBe(0);
  await expect(connect(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('given a server left over without its program, when the next one starts, then the old one is stopped, cleanly', async () => {
  const dataDir = await aUsedFolder();
  const { url, stop } = await start({ dataDir });
  await query(url, 'create table kept as select 42 as answer');
  await stop();
  // The same server again, on the same port, with nobody who looks after it.
  const place = await findPlace(dataDir, SHARED_FOLDER);
  const options = `-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c port=${new URL(url).port}`;
  const log = join(place.cluster, 'log');
  const args = ['start', '-w', '-D', place.cluster, '-o', options, '-l', log];
  const binaries = await reachableBinaries(await installedBinaries(), place.identity, SHARED_FOLDER);
  await runProgram({ binaries, place }, 'init_failed', 'pg_ctl', args);
  const ended = connectionEnd(await connect(url));

  const next = await start({ dataDir });
  await ended;
  expect(await readFile(log, 'utf8')).toContain('database system is shut down');
  expect(await query(next.url, 'select answer from kept')).toBe(42);
});

test('given a postmaster.pid whose number belongs to another process by now, when it starts, then that does not stop it', async () => {
  const dataDir = await aUsedFolder();
  const { cluster, identity } = await findPlace(dataDir, SHARED_FOLDER);
  const innocent = spawn('sleep', ['600'], { ...identity, stdio: 'ignore' });
  onTestFinished(() => void innocent.kill());
  await writeFile(join(cluster, 'postmaster.pid'), `${innocent.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n 1 1\nready\n`);

  const next = await start({ dataDir });
  expect(await query(next.url, 'select 1 as up')).toBe(1);
  expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
});

test('given a first start that was broken off, when it starts again, then it makes the database anew', async () => {
  const dataDir = join(await scratchFolder(), 'postgres');
  await mkdir(join(dataDir, 'cluster.new', 'base'), { recursive: true });
  await writeFile(join(dataDir, 'password.new'), 'half');
  const { url } = await start({ dataDir });
  expect(await query(url, 'select 1 as up')).toBe(1);
});

test('given a setting that PostgreSQL refuses, when it starts, then its own words are shown and the folder stays free', async () => {
  const dataDir = await aUsedFolder();
  const failure = start({ dataDir, settings: { shared_buffers: 'much' } });
  await expect(failure).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringMatching(/invalid value for parameter "shared_buffers": "much"[\s\S]*Next: /),
  });
  await start({ dataDir });
});

test('given data of another major version, when it starts, then it says which and what to do', async () => {
  const dataDir = await aUsedFolder();
  const { cluster } = await findPlace(dataDir, SHARED_FOLDER);
  await writeFile(join(cluster, 'PG_VERSION'), '13\n');
  await expect(start({ dataDir })).rejects.toMatchObject({ code: 'version_mismatch' });
});

test('given data that is damaged, when it starts, then it refuses and leaves everything as it is', async () => {
  const dataDir = await aUsedFolder();
  const { cluster } = await findPlace(dataDir, SHARED_FOLDER);
  const password = await readFile(join(dataDir, 'password'), 'utf8');
  await rm(join(cluster, 'PG_VERSION'));
  await expect(start({ dataDir })).rejects.toMatchObject({ code: 'version_mismatch' });
  await rm(join(cluster, 'global'), { recursive: true });
  await writeFile(join(cluster, 'PG_VERSION'), '18\n');
  await expect(start({ dataDir })).rejects.toMatchObject({ code: 'start_failed' });
  expect(await readFile(join(dataDir, 'password'), 'utf8')).toBe(password);
});

test('given a running server, when it ends by itself, then the program learns it', async () => {
  const dataDir = await aUsedFolder();
  const server = await start({ dataDir });
  const { cluster } = await findPlace(dataDir, SHARED_FOLDER);
  const pid = Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGQUIT');
  expect(await server.failed).toMatchObject({ code: 'server_ended' });
  await server.stop();
});

async function start(
  options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> & { dataDir: string },
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ logger, settings: { fsync: 'off' }, ...options });
  onTestFinished(() => server.stop());
  return server;
}

function startProgram(dataDir: string): { process: ChildProcess; answer: Promise<{ url?: string; code?: string }> } {
  const child = spawn(process.execPath, [PROGRAM, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const answer = once(createInterface(child.stdout), 'line').then(([line]) => JSON.parse(line));
  return { process: child, answer };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function connectionEnd(client: pg.Client): Promise<void> {
  return new Promise((resolve) => {
    client.once('end', resolve);
  });
}

/** The first value of the first row. */
async function query(url: string, statement: string): Promise<unknown> {
  const client = await connect(url);
  try {
    const { rows } = await client.query(statement);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}
