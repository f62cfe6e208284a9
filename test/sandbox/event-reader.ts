import { EventLog } from '../../src/sandbox/event-log.ts';

interface SandboxEvent {
  readonly name: string;
  readonly data: unknown;
}

/** Reads the event feed; each event is handed out once. */
export class EventReader {
  readonly ended: Promise<void>;
  readonly #events = new EventLog<SandboxEvent>('event');
  readonly #taken = new Set<SandboxEvent>();

  private constructor(body: ReadableStream<Uint8Array>) {
    this.ended = this.#read(body);
  }

  static async open(base: string): Promise<EventReader> {
    const response = await fetch(`${base}/api/events`, { headers: { accept: 'text/event-stream' } });
    if (response.body === null) throw new Error('The feed has no body.');
    return new EventReader(response.body);
  }

  /** The data of the next event of this name. */
  async next(name: string): Promise<unknown> {
    const event = await this.#events.waitFor((one) => one.name === name && !this.#taken.has(one));
    this.#taken.add(event);
    return event.data;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = /^event: (.*)\ndata: (.*)$/.exec(block);
        if (event !== null) this.#events.add({ name: event[1] ?? '', data: JSON.parse(event[2] ?? '') });
      }
    }
  }
}
