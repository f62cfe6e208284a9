declare const isMarkdown: unique symbol;

/**
 * Text that is safe to put into a message's markdown: written by us, or taken from the world through {@link escapeMarkdown}. Texts take
 * only this, so a name or a title that was not escaped does not compile.
 */
export type Markdown = string & { readonly [isMarkdown]: true };

/** Full-width twins of the characters that some dialect of markdown, HTML or DingTalk's mentions give a meaning. */
const TWINS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'\\`*_[]<>#|~@&$^={}'].map((character) => [character, twinOf(character)]),
);
const MARKS = /[\\`*_[\]<>#|~@&$^={}]/g;

/**
 * One line of text from the world as it may be shown: without control characters, bidirectional overrides and invisible marks, cut to
 * `maxLength` code points.
 */
export function plainLine(text: string, maxLength: number): string {
  // A text may be a megabyte long; what is left of this much is surely enough.
  const line = text
    .slice(0, maxLength * 20)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    // The joiner (U+200D) holds emoji together and reorders nothing.
    .replaceAll(/(?!\u200d)\p{Cf}/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return cut(line, maxLength);
}

/**
 * Text from the world for use inside markdown. Backslashes are not understood alike by DingTalk's clients, so what could be markup is
 * replaced by its full-width twin, which means nothing to any of them and reads the same; addresses lose what makes them links.
 */
export function escapeMarkdown(text: string, maxLength: number): Markdown {
  const line = plainLine(text, maxLength)
    .replaceAll(MARKS, (mark) => TWINS[mark] ?? '')
    .replaceAll(/:(?=\s*\/)/g, '：')
    .replaceAll(/\.(?=\p{L})/gu, '．')
    // Where it begins a paragraph, these would begin a list or draw a line.
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, (_, number: string, mark: string) => number + twinOf(mark))
    .replace(/^[-+]+(?=\s|$)/, (marks) => [...marks].map(twinOf).join(''))
    .trim();
  return (line === '' ? '—' : line) as Markdown;
}

function twinOf(character: string): string {
  return String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfee0);
}

/** Vouches for text that this program wrote itself. */
export function ownMarkdown(text: string): Markdown {
  return text as Markdown;
}

/** Joins what is there; a list without lines is not. */
export function joinMarkdown(parts: readonly (Markdown | undefined)[], separator: string): Markdown {
  return ownMarkdown(parts.filter((part) => part !== undefined && part !== '').join(separator));
}

/** A list with a line for each of what is there. */
export function bullets(lines: readonly (Markdown | undefined)[]): Markdown {
  return ownMarkdown(lines.flatMap((line) => (line === undefined ? [] : [`- ${line}`])).join('\n'));
}

/** Lines of one paragraph, broken in the way that DingTalk's clients understand. */
export function lines(parts: readonly Markdown[]): Markdown {
  return joinMarkdown(parts, '  \n  ');
}

const graphemes = new Intl.Segmenter('zh-CN', { granularity: 'grapheme' });

/** Cuts between characters as people see them, so that no emoji is torn apart. */
function cut(line: string, maxLength: number): string {
  if (codePoints(line) <= maxLength) return line;
  let kept = '';
  let length = 0;
  for (const { segment } of graphemes.segment(line)) {
    length += codePoints(segment);
    if (length >= maxLength) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

function codePoints(text: string): number {
  return [...text].length;
}
