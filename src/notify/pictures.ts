import { createHash } from 'node:crypto';
import type { Chart } from '../charts/chart.ts';
import { renderChart } from '../charts/render.ts';
import type { Clock } from '../clock.ts';
import { DingTalkError } from '../dingtalk/errors.ts';
import type { OpenApi } from '../dingtalk/open-api.ts';
import type { Logger } from '../log.ts';
import type { NoticeContent, NoticePicture } from '../store/notices.ts';
import { verdictOf } from './verdict.ts';

/** How long the platform keeps a file is not documented; this is surely shorter. */
const REUSED_FOR = Temporal.Duration.from({ hours: 1 });
const MAX_KNOWN = 500;
/** Attempts that wait for a picture; later ones go without. */
const PATIENCE = 1;

export interface PicturesOptions {
  readonly api: Pick<OpenApi, 'uploadPicture'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the card template's markdown shows uploaded pictures. Where it does not, a picture makes the notice a message. */
  readonly inCards: boolean;
  /** Default: drawn by `charts/`. */
  readonly render?: (chart: Chart) => Promise<Buffer>;
}

/**
 * Turns the pictures of a notice into markdown: drawn and uploaded when it is delivered, the same picture once an hour. A picture that
 * cannot be had is left out; the text never fails because of it. (rule 22)
 */
export class Pictures {
  readonly #options: PicturesOptions;
  readonly #render: (chart: Chart) => Promise<Buffer>;
  readonly #known = new Map<string, { until: Temporal.Instant; mediaId: Promise<string> }>();

  constructor(options: PicturesOptions) {
    this.#options = options;
    this.#render = options.render ?? renderChart;
  }

  /**
   * The content with its pictures at the end of its markdown.
   *
   * @param place where it is shown
   * @param attempts that were made to deliver it, with this one
   * @throws DingTalkError when another attempt may have the picture, or when cards show none: then another form does
   */
  async inMarkdown(content: NoticeContent, place: 'card' | 'message', attempts: number): Promise<NoticeContent> {
    const { pictures = [] } = content;
    if (place === 'card' && !this.#options.inCards) {
      throw new DingTalkError({ call: 'createCard', code: 'local.noPicturesInCards', kind: 'not_allowed' });
    }
    const images: string[] = [];
    for (const picture of pictures) {
      const mediaId = await this.#uploaded(picture, attempts);
      if (mediaId !== undefined) images.push(`![${picture.alt}](${mediaId})`);
    }
    return { ...content, markdown: [content.markdown, ...images].join('\n\n') };
  }

  async #uploaded({ chart }: NoticePicture, attempts: number): Promise<string | undefined> {
    try {
      return await this.#mediaId(chart);
    } catch (error) {
      if (attempts <= PATIENCE && error instanceof DingTalkError && verdictOf(error) === 'again') throw error;
      this.#options.logger.warn({ err: error }, 'a picture could not be had; the message goes without it');
      return undefined;
    }
  }

  /** The same chart at the same time is drawn and uploaded once. */
  #mediaId(chart: Chart): Promise<string> {
    const now = this.#options.clock.now();
    const hash = createHash('sha256').update(JSON.stringify(chart)).digest('base64');
    const known = this.#known.get(hash);
    if (known && Temporal.Instant.compare(now, known.until) < 0) return known.mediaId;
    const mediaId = this.#upload(chart);
    this.#known.delete(hash);
    this.#known.set(hash, { until: now.add(REUSED_FOR), mediaId });
    mediaId.catch(() => {
      if (this.#known.get(hash)?.mediaId === mediaId) this.#known.delete(hash);
    });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return mediaId;
  }

  async #upload(chart: Chart): Promise<string> {
    const png = await this.#render(chart);
    return (await this.#options.api.uploadPicture(new Uint8Array(png))).mediaId;
  }
}
