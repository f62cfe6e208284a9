import type { NoticeContent } from '../store/notices.ts';

/** Plain text is the last resort, also for what was too large; it is kept well within every limit of the platform. */
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
