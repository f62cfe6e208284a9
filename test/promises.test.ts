import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PROMISES = new URL('../docs/promises.md', import.meta.url);
const [promised = ''] = readFileSync(PROMISES, 'utf8').split('\n## ');
const promises = promised.split(/^(?=\d+\. )/m).flatMap((text) => {
  const [, number, name] = /^(\d+)\. \*\*(.+?)\*\*/.exec(text) ?? [];
  return number && name ? [{ number, name, text }] : [];
});

test('given the promises, then there are seven', () => {
  expect(promises.map(({ number }) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test.each(promises)(
  'given promise $number ($name), then it names tests, and each of them names it',
  ({ number, text }) => {
    const tests = [...text.matchAll(/\]\((\S+?\.test\.ts)\)/g)].map(([, path = '']) => path);
    expect(tests.length).toBeGreaterThan(0);
    const names = new RegExp(`promises? (\\d(, | and ))*${number}\\b`);
    expect(tests.filter((path) => !names.test(readFileSync(new URL(path, PROMISES), 'utf8')))).toEqual([]);
  },
);
