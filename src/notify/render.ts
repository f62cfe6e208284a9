import type { NoticeContent } from '../store/notices.ts';

/** Plain text is the last resort; it is kept well within every limit of the platform. */
const TEXT_LENGTH = 1_500;

/** Markdown with the commands in the place of the buttons. */
export function markdownWithHint(content: NoticeContent): string {
  return content.hint === '' ? content.markdown : `${content.markdown}\n\n${content.hint}`;
}

/** Markdown for a conversation's webhook, where a mention needs the id in the text too. */
export function markdownWithMentions(content: NoticeContent): string {
  const mentions = content.mentions.map((person) => `@${person.userId}`).join(' ');
  const body = markdownWithHint(content);
  return mentions === '' ? body : `${body}\n\n${mentions}`;
}

/** The same as plain text: without markdown's marks, cut where it is long. */
export function plainText(content: NoticeContent): string {
  const text = markdownWithHint(content)
    .replaceAll(/^(#+\s*|>\s?)/gm, '')
    // A mark that is escaped is a character of the text.
    .replaceAll(/\\([^\w\s])|[*`]/g, '$1');
  const whole = text.startsWith(content.title) ? text : `${content.title}\n${text}`;
  return whole.length <= TEXT_LENGTH ? whole : `${whole.slice(0, TEXT_LENGTH - 1)}…`;
}

/**
 * What is sent of a content, its text shortened until it fits; commands and mentions stay. Cut at the end of a line where one is near,
 * and marked with an ellipsis.
 *
 * @param write what is sent, of a content
 * @param maxBytes of it as JSON
 */
export function fitted<T>(content: NoticeContent, maxBytes: number, write: (content: NoticeContent) => T): T {
  const whole = write(content);
  if (bytesOf(whole) <= maxBytes) return whole;
  const text = content.markdown;
  const shortened = (length: number) => write({ ...content, markdown: `${beginning(text, length)}\n\n…` });
  let [fits, tooLong] = [0, text.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (bytesOf(shortened(middle)) <= maxBytes) fits = middle;
    else tooLong = middle;
  }
  return shortened(fits);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** So many characters or less: whole lines where the last of them ends not much earlier. */
function beginning(text: string, length: number): string {
  const cut = text.slice(0, length).toWellFormed();
  const line = cut.lastIndexOf('\n');
  return line > length * 0.8 ? cut.slice(0, line) : cut.replace(/\ufffd$/, '');
}
