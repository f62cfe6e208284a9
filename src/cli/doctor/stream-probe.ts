import type { CardClick } from '../../dingtalk/messages.ts';
import type { DingTalkSettings } from '../../dingtalk/settings.ts';
import { StreamConnection } from '../../dingtalk/stream-connection.ts';
import type { Logger } from '../../log.ts';

const OPEN_WITHIN_MS = 20_000;

/** What came of opening a connection: null when it is open, else the code of the failure. */
export type OpenResult = { readonly problem: string | null };

/** A second ear for as long as a diagnosis takes: it answers nothing, and counts what it took from the service. */
export class StreamProbe {
  readonly #stream: StreamConnection;
  #onClick: ((click: CardClick) => void) | undefined;
  /** Messages and clicks of others, which the service did not get. */
  taken = 0;

  constructor(settings: DingTalkSettings, logger: Logger) {
    this.#stream = new StreamConnection({
      settings,
      logger,
      handlers: {
        onMessage: async () => {
          this.taken += 1;
        },
        onClick: async (click) => {
          if (this.#onClick) this.#onClick(click);
          else this.taken += 1;
        },
      },
    });
  }

  /** Resolves with the first attempt: open, or why not. */
  open(): Promise<OpenResult> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ problem: 'timeout' }), OPEN_WITHIN_MS);
      this.#stream.on('state', ({ state, lastError }) => {
        if (state === 'open') resolve({ problem: null });
        else if (state === 'waiting') resolve({ problem: lastError ?? 'unknown' });
        else return;
        clearTimeout(timer);
      });
      this.#stream.start();
    });
  }

  /** Resolves with the first click on a card, if ever. Clicks on other cards are counted as taken. */
  clickOn(outTrackId: string): Promise<CardClick> {
    return new Promise((resolve) => {
      this.#onClick = (click) => {
        if (click.outTrackId === outTrackId) resolve(click);
        else this.taken += 1;
      };
    });
  }

  async close(): Promise<void> {
    await this.#stream.stop();
  }
}
