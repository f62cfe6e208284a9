import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../../..');

/** The real program, as `npm start` runs it: on an empty data folder and free ports, with no settings of this machine. */
export class Program {
  #url = '';
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#ended = once(child, 'exit');
  }

  /** The sandbox's page. */
  get url(): string {
    return this.#url;
  }

  /** Resolves when the program says that it is ready; throws when it ends before. */
  static async start(): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), 'sms-steward-page-'));
    // As root the database runs as another user, who must be able to enter.
    await chmod(folder, 0o755);
    const settings = Object.entries(process.env).filter(([name]) => !/^(DINGTALK_|DATABASE_)/.test(name));
    const child = spawn('npm', ['start'], {
      cwd: root,
      env: {
        ...Object.fromEntries(settings),
        PORT: '0',
        SANDBOX_PORT: '0',
        DATA_DIR: folder,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const program = new Program(child, folder);
    try {
      program.#url = await program.#ready();
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

  /** Where it says that its page is, once it is ready. */
  async #ready(): Promise<string> {
    if (this.#child.stdout === null) throw new TypeError('the standard output is a pipe');
    for await (const line of createInterface(this.#child.stdout)) {
      const [, url] = /Open +(http:\S+)/.exec(line) ?? [];
      if (url === undefined) continue;
      this.#child.stdout.resume();
      return url;
    }
    throw new Error('npm start ended before it was ready.');
  }
}
