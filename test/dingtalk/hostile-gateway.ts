import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** Things that happen, to be waited for one by one in order. */
export class Queue<T> {
  readonly #ready: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  /** How many are there that nobody has taken. */
  get size(): number {
    return this.#ready.length;
  }

  push(item: T): void {
    const taker = this.#waiting.shift();
    if (taker) taker(item);
    else this.#ready.push(item);
  }

  next(): Promise<T> {
    if (this.#ready.length > 0) return Promise.resolve(this.#ready.shift() as T);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export interface Ack {
  code: number;
  headers: { messageId: string };
  data: string;
}

/** The gateway's end of one connection. */
export class Peer {
  readonly acks = new Queue<Ack>();
  readonly pings = new Queue<true>();
  readonly closed: Promise<unknown>;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = once(socket, 'close');
    socket.on('ping', () => this.pings.push(true));
    socket.on('message', (data) => this.acks.push(JSON.parse(String(data)) as Ack));
  }

  push(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }
}

/**
 * A Stream gateway that can be told to behave in ways that no honest one would. By default it accepts everyone; a test replaces the
 * functions.
 */
export class HostileGateway {
  /** Bodies of the requests to open a connection. */
  readonly opens = new Queue<Record<string, unknown>>();
  readonly peers = new Queue<Peer>();
  readonly upgrades = new Queue<true>();
  openCount = 0;
  upgradeCount = 0;
  url = '';
  answerOpen = (response: ServerResponse, ok: () => void): void => {
    void response;
    ok();
  };
  /** Anything but 101 refuses the handshake with this status; 0 leaves it without an answer. */
  handshake = (): number => 101;
  readonly #http = createServer((request, response) => this.#answer(request, response));
  readonly #ws: WebSocketServer;
  readonly #hanging: Duplex[] = [];

  constructor(options: { autoPong?: boolean } = {}) {
    this.#ws = new WebSocketServer({ noServer: true, autoPong: options.autoPong ?? true });
    this.#http.on('upgrade', (request, socket, head) => {
      this.upgradeCount += 1;
      this.upgrades.push(true);
      socket.on('error', () => {});
      const status = this.handshake();
      if (status === 0) {
        this.#hanging.push(socket);
        return;
      }
      if (status !== 101) {
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.#ws.handleUpgrade(request, socket, head, (webSocket) => this.peers.push(new Peer(webSocket)));
    });
  }

  get openSockets(): number {
    return this.#ws.clients.size;
  }

  async start(): Promise<this> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    for (const client of this.#ws.clients) client.terminate();
    for (const socket of this.#hanging) socket.destroy();
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.openCount += 1;
      this.opens.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      this.answerOpen(response, () => {
        const endpoint = `${this.url.replace('http', 'ws')}/connect`;
        answerJson(response, 200, { endpoint, ticket: `ticket-${this.openCount}` });
      });
    });
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
