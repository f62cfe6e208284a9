import { randomBytes, randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { EventLog, PATIENCE_MS } from './event-log.ts';
import { PushFaults } from './push-faults.ts';
import { type Frame, StreamConnection, type Subscription } from './stream-connection.ts';
import { Tickets } from './tickets.ts';

export const ROBOT_TOPIC = '/v1.0/im/bot/messages/get';
export const CARD_TOPIC = '/v1.0/card/instances/callback';

/** So many frames are remembered, to recognise their acknowledgements and to be repeated. */
const FRAMES_KEPT = 2_000;

const acknowledgementSchema = z.looseObject({
  code: z.number(),
  headers: z.looseObject({ messageId: z.string() }),
  data: z.string().optional(),
});

/** An answer of the bot to a frame. */
export interface Acknowledgement {
  readonly connectionId: string;
  readonly messageId: string;
  /** The topic of the frame; null where the connection was never sent such a frame. */
  readonly topic: string | null;
  readonly code: number;
  /** As it came: JSON in a string. */
  readonly data: string;
  /** True where this frame has been acknowledged before. */
  readonly again: boolean;
  readonly latencyMs: number;
  /** What is wrong with it; null where nothing is. */
  readonly problem: string | null;
}

/** What is to go wrong at the next handshakes; each entry is used once. */
export type HandshakeFault = { readonly status: number } | 'hang' | 'silent';

interface SentFrame {
  readonly frame: Frame;
  readonly sentAt: number;
  readonly connectionIds: Set<string>;
  acknowledged: boolean;
}

/** What a push is: its topic, and the headers that only it has. */
export interface PushTarget {
  readonly type: 'CALLBACK' | 'EVENT';
  readonly topic: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GatewayOptions {
  /** Epoch milliseconds by the sandbox's clock: stamps frames and lets tickets expire. */
  readonly now: () => number;
  readonly appId: string;
  /** Real time between two SYSTEM pings of a connection. */
  readonly pingIntervalMs: number;
  /** Real time between a `disconnect` frame and the end of the connection. */
  readonly disconnectGraceMs: number;
  /** Whether a new connection is told so by a SYSTEM `REGISTERED` frame: the platform does not always send it. */
  readonly announcesRegistration: boolean;
  /** A number of [0, 1): picks the connection for a push. */
  readonly random: () => number;
}

/** The platform's side of Stream Mode: tickets, connections, frames and their acknowledgements. */
export class Gateway {
  readonly acknowledgements = new EventLog<Acknowledgement>('acknowledgement');
  /** What the next handshakes meet, one after the other. */
  readonly handshakeFaults: HandshakeFault[] = [];
  /** What the next callbacks meet. */
  readonly pushFaults = new PushFaults();
  /** Is called whenever one of these faults may have been used. */
  onFaultUse: () => void = () => {};
  readonly #options: GatewayOptions;
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: 1_048_576 });
  readonly #tickets: Tickets;
  readonly #connections = new Map<string, StreamConnection>();
  readonly #hanging = new Set<Duplex>();
  readonly #sent = new Map<string, SentFrame>();
  readonly #awaited = new Map<string, (acknowledgement: Acknowledgement | null) => void>();
  readonly #countListeners = new Set<(count: number) => void>();
  readonly #pingTimer: NodeJS.Timeout;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#tickets = new Tickets(options.now);
    this.#pingTimer = setInterval(() => this.ping(), options.pingIntervalMs);
    this.#pingTimer.unref();
  }

  /** The open connections, the oldest first. */
  get connections(): StreamConnection[] {
    return [...this.#connections.values()];
  }

  /** Calls `listener` with the number of open connections whenever it changes. Returns the way to stop that. */
  onCount(listener: (count: number) => void): () => void {
    this.#countListeners.add(listener);
    return () => this.#countListeners.delete(listener);
  }

  /** Resolves when `count` connections are open. Rejects when they were not within `timeoutMs` of real time (default 60 s). */
  waitForConnections(count: number, timeoutMs = PATIENCE_MS): Promise<void> {
    if (this.#connections.size === count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = this.onCount((now) => {
        if (now !== count) return;
        clearTimeout(timer);
        stop();
        resolve();
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${this.#connections.size} connections are open after ${timeoutMs} ms, not ${count}`));
      }, timeoutMs);
    });
  }

  issueTicket(subscriptions: readonly Subscription[]): string {
    return this.#tickets.issue(subscriptions);
  }

  /** Answers the WebSocket handshake at `/connect?ticket=`. A ticket counts once, even where the handshake is then refused. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://sandbox');
    if (url.pathname !== '/connect') {
      refuse(socket, 404);
      return;
    }
    const subscriptions = this.#tickets.take(url.searchParams.get('ticket') ?? '');
    const fault = this.handshakeFaults.shift();
    if (fault !== undefined) this.onFaultUse();
    if (fault === 'hang') {
      this.#hanging.add(socket);
      socket.on('close', () => this.#hanging.delete(socket));
      return;
    }
    if (typeof fault === 'object' || subscriptions === undefined) {
      refuse(socket, typeof fault === 'object' ? fault.status : 401);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new StreamConnection(randomUUID(), webSocket, subscriptions, {
        onMessage: (from, text) => this.#receive(from, text),
        onClose: (closed) => {
          this.#connections.delete(closed.id);
          this.#tellCount();
        },
      });
      if (fault === 'silent') connection.silence();
      this.#connections.set(connection.id, connection);
      this.#tellCount();
      if (this.#options.announcesRegistration) {
        this.#send(this.#frame('SYSTEM', 'REGISTERED', {}, connection.id), connection);
      }
    });
  }

  /**
   * Sends a callback or event to one of the connections that subscribe to its topic, chosen at random, as the platform does.
   * @param data is asked for only where there is such a connection
   * @returns the frame's message id, or null where no connection is open: then the push is lost
   */
  push(target: PushTarget, data: () => unknown): string | null {
    const candidates = this.connections.filter((one) => one.usable && one.subscribes(target.type, target.topic));
    const chosen = candidates[Math.floor(this.#options.random() * candidates.length)];
    if (chosen === undefined) return null;
    const frame = this.#frame(target.type, target.topic, data(), chosen.id, target.headers);
    const messageId = frame.headers.messageId;
    this.pushFaults.carry(
      () => this.#send(frame, chosen),
      (on) => this.repeat(on, messageId),
    );
    this.onFaultUse();
    return messageId;
  }

  /** The acknowledgement of the frame, or null where none came within `timeoutMs` of real time or before the end. Ask right after the push. */
  acknowledgementOf(messageId: string, timeoutMs: number): Promise<Acknowledgement | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#awaited.delete(messageId);
        resolve(null);
      }, timeoutMs);
      this.#awaited.set(messageId, (acknowledgement) => {
        clearTimeout(timer);
        resolve(acknowledgement);
      });
    });
  }

  /** Sends every connection a SYSTEM ping; the bot must answer with the same data. */
  ping(): void {
    for (const connection of this.connections) {
      if (!connection.usable) continue;
      this.#send(this.#frame('SYSTEM', 'ping', { opaque: randomUUID() }, connection.id), connection);
    }
  }

  /** Announces to every connection that it will be closed, and closes it when the grace is over. */
  disconnect(reason: string): void {
    for (const connection of this.connections) {
      if (!connection.usable) continue;
      connection.leave(this.#frame('SYSTEM', 'disconnect', { reason }, connection.id), this.#options.disconnectGraceMs);
    }
  }

  /** Sends a frame again, the last callback or event unless another is named; returns whether there was a frame and a connection for it. */
  repeat(on: 'same' | 'other', messageId?: string): boolean {
    const sent =
      messageId === undefined
        ? [...this.#sent.values()].findLast(({ frame }) => frame.type !== 'SYSTEM')
        : this.#sent.get(messageId);
    if (sent === undefined) return false;
    const wanted = (one: StreamConnection) => one.usable && sent.connectionIds.has(one.id) === (on === 'same');
    const connection = this.connections.find(wanted);
    if (connection === undefined) return false;
    sent.connectionIds.add(connection.id);
    connection.send(sent.frame);
    return true;
  }

  /** Ends everything; nothing is announced. */
  stop(): void {
    clearInterval(this.#pingTimer);
    this.pushFaults.clear();
    for (const resolve of this.#awaited.values()) resolve(null);
    for (const connection of this.connections) connection.kill();
    for (const socket of this.#hanging) socket.destroy();
    this.#server.close();
  }

  #send(frame: Frame, connection: StreamConnection): void {
    const messageId = frame.headers.messageId;
    this.#sent.set(messageId, {
      frame,
      sentAt: performance.now(),
      connectionIds: new Set([connection.id]),
      acknowledged: false,
    });
    if (this.#sent.size > FRAMES_KEPT) {
      for (const oldest of this.#sent.keys()) {
        this.#sent.delete(oldest);
        break;
      }
    }
    connection.send(frame);
  }

  #frame(
    type: Frame['type'],
    topic: string,
    data: unknown,
    connectionId: string,
    more: Readonly<Record<string, string>> = {},
  ): Frame {
    return {
      specVersion: '1.0',
      type,
      headers: {
        topic,
        messageId: `${randomBytes(4).toString('hex')}_${randomBytes(4).toString('hex')}_${randomBytes(6).toString('hex')}`,
        contentType: 'application/json',
        time: String(this.#options.now()),
        appId: this.#options.appId,
        connectionId,
        ...more,
      },
      data: JSON.stringify(data),
    };
  }

  #receive(connection: StreamConnection, text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return;
    }
    const parsed = acknowledgementSchema.safeParse(value);
    if (!parsed.success) return;
    const messageId = parsed.data.headers.messageId;
    // An answer counts on a connection that the frame went to; the platform looks for it nowhere else.
    const found = this.#sent.get(messageId);
    const sent = found?.connectionIds.has(connection.id) ? found : undefined;
    const acknowledgement: Acknowledgement = {
      connectionId: connection.id,
      messageId,
      topic: sent?.frame.headers.topic ?? null,
      code: parsed.data.code,
      data: parsed.data.data ?? '',
      again: sent?.acknowledged ?? false,
      latencyMs: sent === undefined ? 0 : performance.now() - sent.sentAt,
      problem: problemOf(sent?.frame, parsed.data.data),
    };
    if (sent !== undefined) {
      sent.acknowledged = true;
      this.#awaited.get(messageId)?.(acknowledgement);
      this.#awaited.delete(messageId);
    }
    this.acknowledgements.add(acknowledgement);
  }

  #tellCount(): void {
    for (const listener of [...this.#countListeners]) listener(this.#connections.size);
  }
}

/** A ping has to be answered with its own data. */
function problemOf(frame: Frame | undefined, data: string | undefined): string | null {
  if (frame === undefined) return 'this connection was sent no such frame';
  if (frame.headers.topic === 'ping' && data !== frame.data) return 'the data of the ping did not come back';
  return null;
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
