import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownMarkdown } from '../../src/bot/markdown.ts';
import en from '../../src/bot/texts/en.ts';
import zhCn from '../../src/bot/texts/zh-CN.ts';
import { type TextKey, text } from '../../src/bot/texts.ts';

const BOT = join(import.meta.dirname, '../../src/bot');
const PLURAL = /_(one|other)$/;

const chinese = new Map(Object.entries(zhCn));
const english = new Map(Object.entries(en));

/** The texts' names without the endings that choose between singular and plural. */
function names(texts: ReadonlyMap<string, string>): string[] {
  return [...new Set([...texts.keys()].map((key) => key.replace(PLURAL, '')))].toSorted();
}

function parameters(value: string): string[] {
  return [...new Set([...value.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name))].toSorted();
}

/** `count` chooses the plural and need not be shown. */
function shown(value: string): string[] {
  return parameters(value).filter((name) => name !== 'count');
}

interface Use {
  readonly file: string;
  /** A key, or its beginning and end around what is filled in: `quota_low.${depth}.title`. */
  readonly key: string | RegExp;
  /** Undefined where the parameters come from a variable. */
  readonly parameters: readonly string[] | undefined;
}

/** Every place in the bot that says a text. */
function uses(): Use[] {
  const files = readdirSync(BOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => {
    const source = readFileSync(join(BOT, file), 'utf8');
    return [...source.matchAll(/\btext\(\s*(['`])(.*?)\1\s*([,)])/gs)].flatMap((match) => {
      const [whole, , key = '', next] = match;
      const after = source.slice(match.index + whole.length).trimStart();
      return alternatives(key).map((alternative) => ({
        file,
        key: alternative,
        parameters: next === ')' ? [] : propertiesOf(after),
      }));
    });
  });
}

function alternatives(key: string): (string | RegExp)[] {
  if (!key.includes('$')) return [key];
  const pattern = key
    .split(/\$\{.*?\}/s)
    .map((part) => part.replaceAll('.', '\\.'))
    .join('[\\w-]+');
  return [new RegExp(`^${pattern}$`)];
}

/** The names of the object that a call passes; undefined where it passes a variable or spreads one. */
function propertiesOf(source: string): string[] | undefined {
  if (!source.startsWith('{')) return undefined;
  let depth = 0;
  let flat = '';
  for (const character of source) {
    if (')}]'.includes(character)) depth -= 1;
    if (depth === 0 && character === '}') break;
    if (depth === 1) flat += character;
    if ('({['.includes(character)) depth += 1;
  }
  if (flat.includes('...')) return undefined;
  return flat
    .split(',')
    .map((property) => property.split(':')[0]?.trim() ?? '')
    .filter((name) => name !== '');
}

/** Ternaries such as `text(on ? 'a' : 'b')` and keys that are passed on. */
function isMentioned(key: string): boolean {
  return SOURCES.some((source) => source.includes(`'${key}'`));
}

const SOURCES = readdirSync(BOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(BOT, file), 'utf8'));

function matches(use: Use, key: string): boolean {
  return typeof use.key === 'string' ? use.key === key : use.key.test(key);
}

it.each(['zh-CN', 'en'])('given the topics of %s, then no text stands in two of them', (language) => {
  const folder = join(BOT, 'texts', language);
  const keys = readdirSync(folder).flatMap((file) => Object.keys(JSON.parse(readFileSync(join(folder, file), 'utf8'))));

  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

describe('the texts', () => {
  const all = uses();

  it('given both languages, then each has every text', () => {
    expect(names(english)).toEqual(names(chinese));
  });

  it('given a text, then both languages show the same parameters, singular and plural alike', () => {
    for (const [key, value] of english) {
      const counterpart = chinese.get(key.replace(PLURAL, '')) ?? '';
      expect({ key, shown: shown(value) }).toEqual({ key, shown: shown(counterpart) });
    }
  });

  it('given an English text with a singular, then it has a plural too, and the Chinese one has neither', () => {
    for (const key of english.keys()) {
      if (key.endsWith('_one')) expect(english.has(key.replace(/_one$/, '_other')), key).toBe(true);
      if (key.endsWith('_other')) expect(english.has(key.replace(/_other$/, '_one')), key).toBe(true);
    }
    expect([...chinese.keys()].filter((key) => PLURAL.test(key))).toEqual([]);
  });

  it('given the code, then it uses every text', () => {
    expect(all.length).toBeGreaterThan(80);
    const unused = names(chinese).filter((key) => !isMentioned(key) && !all.some((use) => matches(use, key)));
    expect(unused).toEqual([]);
  });

  it('given a place in the code that says a text, then the text exists and gets just the parameters that it shows', () => {
    for (const use of all) {
      const keys = names(chinese).filter((key) => matches(use, key));
      expect({ ...use, found: keys.length > 0 }).toMatchObject({ found: true });
      if (use.parameters === undefined) continue;
      // Texts that are chosen between need not all show everything that they are given.
      const wanted = new Set(keys.flatMap((key) => parameters(chinese.get(key) ?? '')));
      const given = use.parameters.filter((name) => name !== 'count' || wanted.has('count'));
      expect({ file: use.file, key: String(use.key), parameters: given.toSorted() }).toEqual({
        file: use.file,
        key: String(use.key),
        parameters: [...wanted].toSorted(),
      });
    }
  });

  it('given any text, then it is not empty: an empty one would show its name', () => {
    expect([...english, ...chinese].filter(([, value]) => value.trim() === '')).toEqual([]);
  });

  it('given Chinese texts, then they use Chinese punctuation', () => {
    const faulty = [...chinese].filter(([, value]) => /\p{Script=Han}[,.;:?!]|[,;?!]\p{Script=Han}/u.test(value));
    expect(faulty).toEqual([]);
  });
});

describe('text', () => {
  it('given a count, then English chooses between singular and plural', () => {
    const number = ownMarkdown('1');
    expect(text('en', 'unit.segments', { count: 1, number })).toBe('1 segment');
    expect(text('en', 'unit.segments', { count: 2, number: ownMarkdown('2') })).toBe('2 segments');
    expect(text('zh-CN', 'unit.segments', { count: 1, number })).toBe('1 条');
  });

  it('given values that look like the markup of texts, then they are shown as they are', () => {
    const name = ownMarkdown('$t(help.title) {{code}} $& &amp;');
    expect(text('en', 'auto_renewal_changed.on', { by: name })).toBe(
      '**$t(help.title) {{code}} $& &amp;** turned auto-renewal on.',
    );
  });

  it('given a parameter that is named like an option of the library, then it is a parameter', () => {
    const key: TextKey = 'auto_renewal_changed.on';
    const by = ownMarkdown('Li');
    expect(text('zh-CN', key, { by, lng: ownMarkdown('en'), context: ownMarkdown('x') })).toBe(
      '**Li** 开启了自动续费。',
    );
  });

  it('given a missing parameter, then its name shows', () => {
    expect(text('en', 'auto_renewal_changed.on')).toContain('{{by}}');
  });
});
