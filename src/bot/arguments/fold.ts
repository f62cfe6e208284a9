/**
 * Half width for what a Chinese keyboard types in full width. Digits of other kinds (`²`, `①`, `½`, `٥`) stay what they are, so that
 * none of them is ever read as a number: `5²` is not 52.
 */
export function foldWidth(text: string): string {
  return text.replaceAll(/[^\p{N}]+|[0-9０-９]+/gu, (part) => part.normalize('NFKC'));
}

/** An argument as the parsers of this folder compare it: half width, lower case, single spaces. */
export function tidy(text: string): string {
  return foldWidth(text.slice(0, MAX_LENGTH).toWellFormed()).toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

/** More than any figure or date needs. */
const MAX_LENGTH = 60;
