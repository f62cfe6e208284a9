import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';

/** A call as it arrived. */
export interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How a receiver answers a call: a status, or whatever it does with the response. */
export type Answer = number | ((response: ServerResponse) => void);

/** A gateway's receiver on this machine, which answers as it is told, 200 when it is told nothing. */
export class Receiver {
  readonly calls: Call[] = [];
  readonly #answers: Answer[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #waiting: { count: number; resolve: () => void }[] = [];

  /** Listens until the test file is over. */
  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => {
      receiver.#server.listen(0, '127.0.0.1', resolve);
    });
    afterAll(() => {
      receiver.#server.closeAllConnections();
      receiver.#server.close();
    });
    return receiver;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/hook`;
  }

  /** The next calls are answered so, one after the other. */
  answers(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  /** Resolves when so many calls have arrived. */
  async arrived(count: number): Promise<void> {
    if (this.calls.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }

  /** What arrived, as `sequence sending`. */
  get told(): string[] {
    return this.calls.map(({ body }) => `${body.sequence} ${body.sending}`);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    this.calls.push({
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      text: body,
      body: JSON.parse(body) as Record<string, unknown>,
    });
    const answer = this.#answers.shift() ?? 200;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else answer(response);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.calls.length < count) return true;
      resolve();
      return false;
    });
  }
}
