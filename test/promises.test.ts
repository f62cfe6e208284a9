import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PROMISES = new URL('../docs/promises.md', import.meta.url);
const [promised = '', ...sections] = readFileSync(PROMISES, 'utf8').split('\n## ');
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

const faults = [...section('Faults').matchAll(/^\| (.+?) \| (\[.*) \|$/gm)].map(([, fault = '', tried = '']) => ({
  fault,
  tests: [...tried.matchAll(/\]\((\S+?)\) “(.+?)”/g)].map(([, path = '', words = '']) => ({ path, words })),
}));

function section(name: string): string {
  return sections.find((text) => text.startsWith(name)) ?? '';
}

test('given the faults, then those of process, database, platform and time are there', () => {
  expect(faults.length).toBeGreaterThanOrEqual(30);
});

test.each(faults)('given the fault of $fault, then there are tests of it, by these words', ({ tests }) => {
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.filter(({ path, words }) => !readFileSync(new URL(path, PROMISES), 'utf8').includes(words))).toEqual([]);
});

test("given the fifteen defects of the platform's SDK, then each is in the table of src/dingtalk, and has a test by its number", () => {
  const numbers = (text: string, line: RegExp) => [
    ...new Set([...text.matchAll(line)].map(([, number]) => Number(number))),
  ];
  const fifteen = Array.from({ length: 15 }, (_, index) => index + 1);
  const readme = readFileSync(new URL('../src/dingtalk/README.md', import.meta.url), 'utf8');
  const tests = readFileSync(new URL('dingtalk/stream-defects.test.ts', import.meta.url), 'utf8');
  expect(numbers(readme, /^\| (\d+) +\| /gm)).toEqual(fifteen);
  expect(numbers(tests, /^ +(?:test\()?'(\d+) [^']+: given/gm)).toEqual(fifteen);
});
