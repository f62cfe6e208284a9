import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../../..');

/** The real program, as `npm start` runs it: on an empty data folder and free ports, with no settings of this machine. */
export class Program {
  /** The sandbox's page. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, url: string, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#ended = once(child, 'exit');
    this.url = url;
  }

  /** Resolves when the program says that it is ready; throws when it ends before. */
  static async start(): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), 'sms-steward-page-'));
    // As root the database runs as another user, who must be able to enter.
    await chmod(folder, 0o755);
    const sandboxPort = await freePort();
    const settings = Object.entries(process.env).filter(([name]) => !/^(DINGTALK_|DATABASE_)/.test(name));
    const child = spawn('npm', ['start'], {
      cwd: root,
      env: {
        ...Object.fromEntries(settings),
        PORT: String(await freePort()),
        SANDBOX_PORT: String(sandboxPort),
        DATA_DIR: folder,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const program = new Program(child, `http://127.0.0.1:${sandboxPort}`, folder);
    try {
      await program.#ready();
    } catch (error) {
      await program.stop();
      throw error;
    }
    return program;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      await this.#ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    if (this.#child.stdout === null) throw new TypeError('the standard output is a pipe');
    for await (const line of createInterface(this.#child.stdout)) {
      if (!/\bready\b/i.test(line)) continue;
      this.#child.stdout.resume();
      return;
    }
    throw new Error('npm start ended before it was ready.');
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
