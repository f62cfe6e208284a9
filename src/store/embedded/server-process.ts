import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from '../../log.ts';
import { StoreError, type StoreErrorCode } from '../errors.ts';
import type { Binaries } from './binaries.ts';
import type { Place } from './place.ts';

const KEPT_LINES = 20;
const FAST_STOP_MS = 30_000;
const IMMEDIATE_STOP_MS = 10_000;

/** What a child process gets of the environment: nothing of this program's secrets, and the same words on every machine. */
const environment = { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH ?? '/usr/bin:/bin' };

/** What is needed to run one of PostgreSQL's programs on one place. */
export interface Installation {
  readonly binaries: Binaries;
  readonly place: Place;
}

/**
 * Runs one of PostgreSQL's programs to its end.
 *
 * @throws StoreError `code` with the program's own last lines when it fails
 */
export async function runProgram(
  { binaries, place }: Installation,
  code: StoreErrorCode,
  program: string,
  args: string[],
): Promise<void> {
  const child = spawn(join(binaries.folder, 'bin', program), args, {
    ...place.identity,
    cwd: '/',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => keep(lines, line));
  }
  const failure = await ended(child);
  if (failure) throw programFailed(code, program, failure, lines);
}

/** A running server. It ends with this program, however this program ends. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<string | undefined>;
  readonly #logger: Logger;
  readonly #failed = Promise.withResolvers<StoreError>();
  #guard: ChildProcess | undefined;
  #stopping = false;

  private constructor(child: ChildProcess, logger: Logger) {
    this.#child = child;
    this.#logger = logger;
    this.#ended = ended(child);
  }

  /**
   * Starts a server and waits until it accepts connections.
   *
   * @throws StoreError `port_taken` when another program listens on the port; `start_failed` with PostgreSQL's own last lines
   */
  static async start(
    { binaries, place }: Installation,
    settings: Readonly<Record<string, string>>,
    logger: Logger,
  ): Promise<ServerProcess> {
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(binaries.folder, 'bin', 'postgres'), ['-D', place.cluster, ...args], {
      ...place.identity,
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      // In a session of its own: Ctrl-C is for this program, which still needs the database to stop cleanly.
      detached: true,
    });
    const server = new ServerProcess(child, logger);
    if (child.pid !== undefined) server.#guardAgainstOrphaning(place, child.pid);
    await server.#becomeReady();
    server.#watch();
    // From here on the server alone does not keep this program alive; the guard stops it when the program ends.
    server.#hold(false);
    return server;
  }

  /** Becomes an error when the server ends although nobody stopped it. */
  get failed(): Promise<StoreError> {
    return this.#failed.promise;
  }

  /** Ends open connections and stops the server with everything written. Harmless when it has ended already. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#hold(true);
    // SIGINT is PostgreSQL's fast, clean shutdown; SIGQUIT leaves recovery to the next start.
    this.#child.kill('SIGINT');
    if (await this.#endsWithin(FAST_STOP_MS)) return;
    this.#logger.warn('PostgreSQL does not stop, so it is stopped at once; its next start recovers from its log');
    this.#child.kill('SIGQUIT');
    if (await this.#endsWithin(IMMEDIATE_STOP_MS)) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #becomeReady(): Promise<void> {
    const { promise: ready, resolve } = Promise.withResolvers<'ready'>();
    const { stderr } = this.#child;
    if (stderr) {
      createInterface(stderr).on('line', (line) => {
        keep(this.#lines, line);
        if (/ (FATAL|PANIC): /.test(line) && !this.#stopping) this.#logger.warn(`postgres: ${line}`);
        else this.#logger.debug(`postgres: ${line}`);
        if (line.includes('database system is ready to accept connections')) resolve('ready');
      });
    }
    const failure = await Promise.race([ready, this.#ended.then((how) => how ?? 'exit code 0')]);
    if (failure === 'ready') return;
    const portTaken = this.#lines.some((line) => line.includes('Address already in use'));
    throw programFailed(portTaken ? 'port_taken' : 'start_failed', 'postgres', failure, this.#lines);
  }

  /**
   * Stops the server when this program ends without doing so (`kill -9`, a crash): a shell waits on a pipe that the system
   * closes with this program, whatever ends it.
   */
  #guardAgainstOrphaning(place: Place, pid: number): void {
    const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1"', 'sh', String(pid)], {
      ...place.identity,
      cwd: '/',
      env: environment,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guard.on('error', (error) => this.#logger.warn({ err: error }, 'PostgreSQL would outlive a crash of this program'));
    this.#guard = guard;
    void this.#ended.then(() => guard.kill('SIGKILL'));
  }

  #watch(): void {
    void this.#ended.then((how = 'exit code 0') => {
      if (this.#stopping) return;
      const error = programFailed('server_ended', 'postgres', how, this.#lines);
      this.#logger.error({ err: error }, 'PostgreSQL ended by itself');
      this.#failed.resolve(error);
    });
  }

  /** Whether the server, while nothing else is going on, keeps this program alive. */
  #hold(alive: boolean): void {
    for (const handle of [this.#child, this.#guard, this.#child.stderr, this.#guard?.stdin]) {
      if (!(handle instanceof ChildProcess || handle instanceof Socket)) continue;
      if (alive) handle.ref();
      else handle.unref();
    }
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, milliseconds, false);
    });
    const inTime = await Promise.race([this.#ended.then(() => true as const), late]);
    clearTimeout(timer);
    return inTime;
  }
}

/** How the child ended: `undefined` for success, or else what to tell. */
async function ended(child: ChildProcess): Promise<string | undefined> {
  try {
    // `close` comes after the last line of output, `exit` may come before.
    const [code, signal]: unknown[] = await once(child, 'close');
    if (code === 0) return undefined;
    return signal ? `signal ${signal}` : `exit code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > KEPT_LINES) lines.shift();
}

function programFailed(code: StoreErrorCode, program: string, how: string, lines: readonly string[]): StoreError {
  const said = lines.length > 0 ? `It said:\n  ${lines.join('\n  ')}\n` : 'It said nothing.\n';
  return new StoreError(code, `PostgreSQL's ${program} ended with ${how}. ${said}${nextStep(lines)}`);
}

function nextStep(lines: readonly string[]): string {
  const said = lines.join('\n');
  if (said.includes('error while loading shared libraries')) {
    return 'Next: run `npm ci` again; the install scripts that package.json allows must run, they link the libraries.';
  }
  if (said.includes('No space left on device'))
    return 'Next: make room on the disk of the data folder, and start again.';
  if (said.includes('Permission denied')) {
    return 'Next: start as the user who owns the data folder, or as root, or give the folder to yourself (chown -R).';
  }
  return 'Next: mend what it names and start again, or set DATABASE_URL to a PostgreSQL server of your own.';
}
