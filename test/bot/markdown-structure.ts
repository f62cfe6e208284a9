import MarkdownIt from 'markdown-it';

/** More lenient than any client of DingTalk's: HTML, bare links and single line breaks count. */
const renderer = new MarkdownIt({ html: true, linkify: true, breaks: true });

/** The kinds of markup in a text, in their order, without the words. */
export function structureOf(markdown: string): string {
  const shape: string[] = [];
  for (const token of renderer.parse(markdown, {})) {
    if (token.children === null) shape.push(token.type);
    for (const child of token.children ?? []) if (child.type !== 'text') shape.push(child.type);
  }
  return shape.join(' ');
}

/** What a reader sees: the words without the markup. */
export function wordsOf(markdown: string): string {
  return renderer
    .parse(markdown, {})
    .flatMap((token) => token.children ?? [])
    .map((token) => token.content)
    .join('');
}
