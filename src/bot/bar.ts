import { type Markdown, ownMarkdown } from './markdown.ts';
import type { Writer } from './writer.ts';

const LENGTH = 10n;

/** What is left as a bar and in per cent. Something left always shows, and full means untouched. */
export function bar(writer: Writer, remaining: bigint, total: bigint): Markdown {
  const share = (parts: bigint) => {
    const rounded = (remaining * parts + total - 1n) / total;
    return rounded === parts && remaining < total ? parts - 1n : rounded;
  };
  const filled = Number(share(LENGTH));
  return ownMarkdown(
    `${'▓'.repeat(filled)}${'░'.repeat(Number(LENGTH) - filled)} ${writer.percent(Number(share(100n)))}`,
  );
}
