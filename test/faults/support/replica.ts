import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Step } from '../../../src/steps.ts';

const MAIN = new URL('../../../src/main.ts', import.meta.url);
const HOOKS = new URL('./replica-hooks.ts', import.meta.url);

/** Where a replica ends as by `kill -9`: when this step is about to begin, or when it first does after `since` was reached. */
export interface KillAt {
  readonly step: Step;
  readonly since?: Step;
}

export interface ToReplica {
  readonly killAt?: KillAt;
  /** How far the database's time is moved. */
  readonly aheadMs?: number;
}

export interface ReplicaStart {
  readonly env: Readonly<Record<string, string>>;
  /** How far the database's time is moved. */
  readonly aheadMs: number;
  readonly killAt?: KillAt | undefined;
}

/** The program in a process of its own, as `npm start` runs it with a DingTalk app and a database of these settings. */
export class Replica {
  /** Where gateways report usage; empty when it ended before. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #output: { text: string };
  readonly #ended: Promise<{ code: number | null; signal: string | null }>;

  private constructor(child: ChildProcess, output: { text: string }, ended: Replica['ended']) {
    this.#child = child;
    this.#output = output;
    this.#ended = ended;
    this.url = /usage at (http:\S+?);/.exec(output.text)?.[1] ?? '';
  }

  /** Resolves when it says that it is ready; or when it was killed where it should be. */
  static async start({ env, aheadMs, killAt }: ReplicaStart): Promise<Replica> {
    const { PATH = '', HOME = '' } = process.env;
    const child = fork(fileURLToPath(MAIN), [], {
      // Nothing of a `.env` of this machine.
      cwd: '/',
      execArgv: ['--import', HOOKS.href],
      env: {
        PATH,
        HOME,
        PORT: '0',
        TIME_AHEAD_MS: String(aheadMs),
        ...(killAt && { KILL_AT: JSON.stringify(killAt) }),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output = { text: '' };
    const ready = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output.text += text;
        if (output.text.includes('SMS Steward is ready')) ready.resolve();
      });
    }
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    const first = await Promise.race([ready.promise, ended]);
    if (first && first.signal !== 'SIGKILL') throw new Error(`A replica ended before it was ready: ${output.text}`);
    return new Replica(child, output, ended);
  }

  /** Resolves when it has ended: with its exit code, or the signal that killed it. */
  get ended(): Promise<{ code: number | null; signal: string | null }> {
    return this.#ended;
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output.text;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Tells its hooks, and waits until they know. */
  async tell(message: ToReplica): Promise<void> {
    const known = once(this.#child, 'message');
    this.#child.send(message);
    await known;
  }

  /** What `kill -9` does. */
  async kill(): Promise<void> {
    if (this.isAlive) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** What a stop of the container does. */
  async terminate(): Promise<{ code: number | null; signal: string | null; ms: number }> {
    const start = performance.now();
    this.#child.kill('SIGTERM');
    return { ...(await this.#ended), ms: performance.now() - start };
  }
}
