import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to a message that carries the marked text: the connection is cut before the server gets it; or after the
 * server has answered it but before the answer gets back; or nothing more goes either way, and nobody is told.
 */
export type Fault = 'cut before' | 'cut after' | 'silence';

/** Stands between a client and a server, and breaks their connection at a chosen message. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #to: { host: string; port: number };
  readonly #awaited: { text: string; resolve: () => void }[] = [];
  #held: (() => void)[] | undefined;
  #marked: { text: string; fault: Fault } | undefined;
  #choose: (() => Fault | undefined) | undefined;
  /** How often a fault has struck. */
  struck = 0;

  private constructor(server: Server, to: { host: string; port: number }) {
    this.#server = server;
    this.#to = to;
  }

  static async start(host: string, port: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, { host, port });
    server.on('connection', (client) => proxy.#join(client, connect(proxy.#to)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the proxy listens on a TCP port');
    return address.port;
  }

  /** Resolves when a message with this text goes to the server. */
  sent(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited.push({ text, resolve });
    return promise;
  }

  /** Keeps what the server answers, until it is released. */
  holdAnswers(): void {
    this.#held = [];
  }

  releaseAnswers(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  /** Lets `fault` strike the next message to the server that contains `text`, once. */
  strikeAt(text: string, fault: Fault): void {
    this.#marked = { text, fault };
  }

  /** Asks `choose` at each message to the server which fault strikes it; undefined ends that. */
  strikeWhere(choose: (() => Fault | undefined) | undefined): void {
    this.#choose = choose;
  }

  /** From now on new connections go there; those that are open stay. */
  leadTo(port: number): void {
    this.#to = { ...this.#to, port };
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    let answersPass = true;
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', cut);
    }
    server.on('data', (data) => {
      if (!answersPass) cut();
      else if (this.#held) this.#held.push(() => client.write(data));
      else client.write(data);
    });
    client.on('data', (data: Buffer) => {
      for (const { text, resolve } of this.#awaited) if (data.includes(text)) resolve();
      const fault = this.#faultOf(data);
      if (fault === 'cut before') return cut();
      if (fault === 'silence') {
        client.removeAllListeners('data');
        server.removeAllListeners('data');
        return;
      }
      if (fault === 'cut after') answersPass = false;
      server.write(data);
    });
  }

  #faultOf(data: Buffer): Fault | undefined {
    const chosen = this.#choose?.();
    if (chosen) this.struck++;
    if (chosen || !this.#marked || !data.includes(this.#marked.text)) return chosen;
    const { fault } = this.#marked;
    this.#marked = undefined;
    this.struck++;
    return fault;
  }
}
