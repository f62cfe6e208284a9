import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerJson } from './hostile-gateway.ts';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** An HTTP server that answers calls of the platform's API in whatever way a test wants; the token it gives by itself. */
export class HostileApi {
  /** All calls but those for a token. */
  readonly requests: ApiRequest[] = [];
  tokenCount = 0;
  url = '';
  answer: (response: ServerResponse, request: ApiRequest) => void = (response) => answerJson(response, 200, {});
  answerToken: (response: ServerResponse) => void = (response) =>
    answerJson(response, 200, { accessToken: `token-${this.tokenCount}`, expireIn: 7200 });
  readonly #http = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      if (message.url === '/v1.0/oauth2/accessToken') {
        this.tokenCount += 1;
        this.answerToken(response);
        return;
      }
      const text = Buffer.concat(chunks).toString();
      const request: ApiRequest = {
        method: message.method ?? '',
        path: message.url ?? '',
        headers: message.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      this.requests.push(request);
      this.answer(response, request);
    });
  });

  async start(): Promise<this> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }
}
