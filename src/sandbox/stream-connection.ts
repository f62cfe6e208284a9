import { type RawData, WebSocket } from 'ws';

export interface Subscription {
  readonly type: string;
  readonly topic: string;
}

/** A frame from the platform to the bot. `data` is JSON as a string; every header is a string. */
export interface Frame {
  readonly specVersion: '1.0';
  readonly type: 'SYSTEM' | 'CALLBACK' | 'EVENT';
  readonly headers: {
    readonly topic: string;
    readonly messageId: string;
    readonly contentType: string;
    /** Epoch milliseconds. */
    readonly time: string;
    readonly appId: string;
    readonly connectionId: string;
    /** Only of an event. */
    readonly eventId?: string;
    readonly eventType?: string;
    readonly eventCorpId?: string;
    /** Epoch milliseconds. */
    readonly eventBornTime?: string;
    readonly eventUnifiedAppId?: string;
  };
  readonly data: string;
}

interface ConnectionEvents {
  readonly onMessage: (connection: StreamConnection, text: string) => void;
  readonly onClose: (connection: StreamConnection) => void;
}

/** One open WebSocket of the bot. */
export class StreamConnection {
  readonly id: string;
  readonly #socket: WebSocket;
  readonly #subscriptions: readonly Subscription[];
  #leaving = false;
  #silent = false;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(id: string, socket: WebSocket, subscriptions: readonly Subscription[], events: ConnectionEvents) {
    this.id = id;
    this.#socket = socket;
    this.#subscriptions = subscriptions;
    socket.on('ping', (data) => {
      if (!this.#silent) socket.pong(data);
    });
    socket.on('message', (data: RawData) => {
      if (!this.#silent) events.onMessage(this, data.toString());
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearTimeout(this.#graceTimer);
      events.onClose(this);
    });
  }

  /** Whether new pushes may go here: the socket is open and the platform has not announced that it will close it. */
  get usable(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && !this.#leaving;
  }

  get silent(): boolean {
    return this.#silent;
  }

  subscribes(type: string, topic: string): boolean {
    return this.#subscriptions.some((one) => one.type === type && (one.topic === topic || one.topic === '*'));
  }

  /** Sends a frame; a silent connection swallows it, as a half-open one does. */
  send(frame: Frame): void {
    this.sendRaw(JSON.stringify(frame));
  }

  sendRaw(text: string): void {
    if (!this.#silent && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Announces the end of the connection, takes answers for `graceMs` longer, then closes it. */
  leave(frame: Frame, graceMs: number): void {
    this.send(frame);
    this.#leaving = true;
    this.#graceTimer = setTimeout(() => this.#socket.terminate(), graceMs);
  }

  /** From now on: no pong, no frame, no reading; but the socket stays open. */
  silence(): void {
    this.#silent = true;
  }

  wake(): void {
    this.#silent = false;
  }

  /** Ends the TCP connection without a closing handshake. */
  kill(): void {
    this.#socket.terminate();
  }
}
