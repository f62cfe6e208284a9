import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const KEEP_ALIVE_MS = 20_000;
/** A reader that lags this many bytes behind is dropped: it comes back by itself and reads the conversations anew. */
const BACKLOG_BYTES = 4_000_000;

/** Server-Sent Events to whoever is reading. */
export class EventFeed {
  readonly #readers = new Set<ServerResponse>();
  readonly #timer = setInterval(() => this.#write(': still here\n\n'), KEEP_ALIVE_MS).unref();

  /** Turns a reply into a feed; `first` are events for this reader alone. */
  open(reply: FastifyReply, first: readonly (readonly [string, unknown])[]): void {
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    for (const [name, data] of first) response.write(eventText(name, data));
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
  }

  send(name: string, data: unknown): void {
    if (this.#readers.size > 0) this.#write(eventText(name, data));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const reader of this.#readers) reader.end();
  }

  #write(text: string): void {
    for (const reader of this.#readers) {
      if (reader.writableLength > BACKLOG_BYTES) reader.destroy();
      else reader.write(text);
    }
  }
}

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
