import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { EventLog } from '../../src/sandbox/event-log.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { APP } from '../support/sandbox-world.ts';

/** A frame as the published client hands it out. */
export interface BotFrame {
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

export type FromBot = { readonly frame: BotFrame } | { readonly answer: unknown } | { readonly started: true };

export type ToBot =
  | { readonly do: 'reply'; readonly webhook: string; readonly body: unknown }
  | { readonly do: 'fetch'; readonly url: string }
  | { readonly do: 'answerCards'; readonly response: unknown }
  | { readonly do: 'answerEvents'; readonly statuses: string[] };

const objectSchema = z.looseObject({});

/** `stream-bot.ts` in a process of its own, which reaches the sandbox by its environment alone. */
export class StreamBotProcess {
  readonly frames = new EventLog<BotFrame>('frame');
  readonly #child: ChildProcess;
  readonly #answers: ((answer: unknown) => void)[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: FromBot) => {
      if ('frame' in message) this.frames.add(message.frame);
      if ('answer' in message) this.#answers.shift()?.(message.answer);
    });
  }

  /** Starts it, and resolves when the client's `connect` has come to an end, well or not. */
  static async start(sandbox: Sandbox, clientSecret = APP.clientSecret): Promise<StreamBotProcess> {
    const child = fork(new URL('./stream-bot.ts', import.meta.url), [APP.clientId, clientSecret], {
      env: {
        PATH: process.env.PATH,
        NODE_OPTIONS: `--import ${new URL('../../src/sandbox/redirect.mjs', import.meta.url)}`,
        DINGTALK_SANDBOX_URL: sandbox.url,
      },
      execArgv: [],
      // The client announces itself on its output.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const bot = new StreamBotProcess(child);
    const ended = once(child, 'exit').then(() => {
      throw new Error('The bot ended before it had started.');
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
    return bot;
  }

  /** Has the bot do something, and resolves with its answer. Orders are answered in their order. */
  order(order: ToBot): Promise<unknown> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#child.send(order);
    });
  }

  /** The parsed data of the first frame of this topic for which `predicate` holds. */
  async received(
    topic: string,
    predicate: (data: z.infer<typeof objectSchema>) => boolean = () => true,
  ): Promise<z.infer<typeof objectSchema>> {
    const found = await this.frames.waitFor((frame) => frame.headers.topic === topic && predicate(dataOf(frame)));
    return dataOf(found);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** The data of a frame: JSON in a string. */
export function dataOf(frame: BotFrame): z.infer<typeof objectSchema> {
  return objectSchema.parse(JSON.parse(z.string().parse(frame.data)));
}
