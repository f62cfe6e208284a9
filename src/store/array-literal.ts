/** What stands for something else in an array that is written as text. */
const SPECIAL = /["\\]/;

/**
 * PostgreSQL's text of an array of texts, none of them null. The driver would write the same, several times as slowly; a batch of usage has
 * thousands of items.
 */
export function textArray(items: readonly string[]): string {
  let text = '';
  for (const item of items) {
    if (text !== '') text += ',';
    text += SPECIAL.test(item) ? `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : `"${item}"`;
  }
  return `{${text}}`;
}

/** The same of whole numbers. */
export function integerArray(items: readonly number[]): string {
  return `{${items.join(',')}}`;
}
