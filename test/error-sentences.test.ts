import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { takeLanguage } from '../src/cli/language.ts';
import { runCli, type Terminal } from '../src/cli/run.ts';
import { DingTalkError, type DingTalkErrorKind } from '../src/dingtalk/errors.ts';
import { CHINESE as OF_RULES } from '../src/domain/error-sentences.ts';
import { InputError } from '../src/domain/errors.ts';
import { bilingual } from '../src/domain/sentence.ts';
import { HTTP_ERRORS, HttpError } from '../src/http/errors.ts';
import { RecordProblemError } from '../src/http/record-problem.ts';
import { readUsageBody } from '../src/http/usage-records.ts';
import { asListenError } from '../src/listen-error.ts';
import { SandboxModeError } from '../src/sandbox-data.ts';
import { readCatalogueFile } from '../src/services/catalogue.ts';
import { StartOptionsError } from '../src/start-options.ts';
import { CHINESE as OF_STORE, StoreError } from '../src/store/errors.ts';
import { failureText } from '../src/tell-failure.ts';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));
const read = (pattern: string) =>
  globSync(pattern, { cwd: SOURCE })
    .filter((file) => !file.startsWith('sandbox'))
    .map((file) => readFileSync(`${SOURCE}/${file}`, 'utf8'));
const sources = read('**/*.ts');

/** The codes that the sources give to errors of these classes. */
function thrownBy(classes: string): string[] {
  const thrown = sources.flatMap((text) =>
    [...text.matchAll(new RegExp(`new (?:${classes})\\(\\s*'([a-z_]+)'`, 'g'))].map(([, code = '']) => code),
  );
  return [...new Set(thrown)].sort();
}

const HAN = /\p{Script=Han}/u;
const NOW = Temporal.Instant.from('2026-03-10T04:00:00Z');

describe('every error has a code and a sentence in Chinese and English', () => {
  test('each code that a rule, an input or the command line refuses with', () => {
    const codes = thrownBy('RuleError|InputError|CliError');
    expect(codes.length).toBeGreaterThan(25);
    expect(codes.filter((code) => !Object.hasOwn(OF_RULES, code))).toEqual([]);
    for (const sentence of Object.values(OF_RULES)) expect(sentence).toMatch(HAN);
  });

  test('no sentence stands for a code that nothing uses', () => {
    const text = sources.join('\n');
    const isUsed = (code: string) => text.includes(`'${code}'`);
    const others = [...Object.keys(OF_RULES), ...Object.keys(OF_STORE)].filter((code) => !isUsed(code));
    expect(others).toEqual([]);
  });

  test('each code of the database', () => {
    const codes = thrownBy('StoreError');
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !Object.hasOwn(OF_STORE, code))).toEqual([]);
    for (const sentence of Object.values(OF_STORE)) expect(sentence).toMatch(HAN);
  });

  test('each answer over HTTP', () => {
    expect(thrownBy('HttpError').filter((code) => !Object.hasOwn(HTTP_ERRORS, code))).toEqual([]);
    for (const code of Object.keys(HTTP_ERRORS) as (keyof typeof HTTP_ERRORS)[]) {
      const { error } = new HttpError(code).toBody();
      for (const chinese of [error.messageZh, error.nextZh]) expect(chinese).toMatch(HAN);
      for (const english of [error.message, error.next]) expect(english).not.toMatch(HAN);
    }
  });

  test('each record that is not taken, with the field in both sentences', () => {
    const good = { id: 'm', destination: 'mainland', segments: 1, status: 'delivered', at: NOW.toString() };
    const bad: [string, unknown][] = [
      ['record_invalid', 7],
      ['field_missing', { id: 'm', destination: 'mainland', segments: 1, at: NOW.toString() }],
      ['field_invalid', { ...good, segments: 0 }],
      ['field_unknown', { ...good, segmnets: 2 }],
      ['country_missing', { ...good, destination: 'international' }],
      ['country_unexpected', { ...good, country: 'HK' }],
      ['country_unexpected', { ...good, destination: 'international', country: 'CN' }],
      ['country_unknown', { ...good, destination: 'international', country: 'XX' }],
      ['at_in_future', { ...good, at: '2026-03-10T05:00:00Z' }],
      ['at_too_old', { ...good, at: '2025-03-10T05:00:00Z' }],
    ];
    const { rejected } = readUsageBody({ records: bad.map(([, record]) => record) }, NOW);
    expect(rejected.map(({ code }) => code)).toEqual(bad.map(([code]) => code));
    for (const { message, messageZh, field } of rejected) {
      expect(message).not.toMatch(HAN);
      expect(messageZh).toMatch(HAN);
      if (field !== null) for (const sentence of [message, messageZh]) expect(sentence).toContain(field);
    }
    expect(thrownBy('RecordProblemError')).toEqual(expect.arrayContaining(['country_missing', 'record_invalid']));
    expect(new RecordProblemError('field_missing', { english: 'a', chinese: '甲' })).toMatchObject({ messageZh: '甲' });
  });

  test('given a misspelt key beside the records, then the body is refused and the key named', () => {
    const misspelt = () => readUsageBody({ records: [], recrods: [] }, NOW);
    expect(misspelt).toThrow(expect.objectContaining({ code: 'body_invalid', field: 'recrods' }));
  });

  test('given a catalogue file that is wrong in every way, then each problem has a place and both sentences', () => {
    const tiers = (...bounds: unknown[]) => bounds.map((upTo) => ({ upTo, price: '0.045' }));
    const tariff = {
      id: 't',
      version: 1,
      currency: 'CNY',
      effectiveFrom: '2026-01-01T00:00:00+08:00',
      mode: 'volume',
      planUsageCounts: false,
      mainland: { verification: tiers(5, null), notification: tiers(null), promotion: tiers(null) },
      international: { HK: '0.3' },
    };
    const file = {
      surplus: 1,
      tariffs: [
        tariff,
        { ...tariff, version: 2 },
        { ...tariff, version: 1 },
        { ...tariff, version: 3, currency: 'USD', effectiveFrom: '2027-01-01T00:00:00+08:00' },
        {
          ...tariff,
          id: 'u',
          currency: 'yuan',
          effectiveFrom: 'today',
          mode: 'cheap',
          planUsageCounts: 'yes',
          mainland: {
            verification: tiers(9, 5, null),
            notification: tiers(7),
            promotion: [
              { upTo: null, price: '-1' },
              { upTo: 5, price: 0.1 },
              { upTo: 9, price: '1.2345678' },
            ],
          },
          international: { CN: '0.1', XX: '0.1', hk: '0.1' },
        },
      ],
      offers: [
        { id: 'o o', title: '', segments: 0, price: 'free', currency: 'CNY', validityMonths: 0 },
        ...['p', 'p'].map((id) => ({ id, title: 'p', segments: 1, price: '1', currency: 'CNY', validityMonths: 1 })),
      ],
    };
    const result = readCatalogueFile(file);
    const problems = 'problems' in result ? result.problems : [];
    expect(problems.length).toBeGreaterThan(20);
    for (const { path, message } of problems) {
      expect(path.length).toBeGreaterThan(0);
      expect(message.english).toMatch(/^[^\p{Script=Han}]+$/u);
      expect(message.chinese).toMatch(HAN);
    }
  });

  test.each<DingTalkErrorKind>([
    ...(['retry', 'throttled', 'token', 'too_large'] as const),
    ...(['not_allowed', 'gone', 'rejected', 'unknown_outcome'] as const),
  ])('each call of DingTalk that failed, as one that is %s: with the same facts in both', (kind) => {
    const facts = { call: 'createCard', code: 'system.error', status: 500, requestId: 'r-1', detail: 'busy' };
    const { message, chinese } = new DingTalkError({ ...facts, kind });
    expect(message).not.toMatch(HAN);
    expect(chinese).toMatch(/。$/);
    for (const sentence of [message, chinese]) {
      for (const fact of ['createCard', 'system.error', 'HTTP 500', 'r-1', 'busy']) expect(sentence).toContain(fact);
    }
  });

  test('given a diagnosis at a Chinese terminal, then what failed is told in Chinese', async () => {
    const told: string[] = [];
    const settings = { env: { PORT: 'x' } };
    const terminal = { language: 'zh-CN', settings, out: (line: string) => told.push(line), error: () => {} } as const;
    expect(await runCli(['doctor'], terminal)).toBe(1);
    expect(told.join('\n')).toMatch(/failed +configuration +设置无法使用.*-> 请改正所列的设置/s);
  });

  test('each refusal of the sandbox', () => {
    const chinese = globSync('sandbox/*.ts', { cwd: SOURCE }).flatMap((file) =>
      [...readFileSync(`${SOURCE}/${file}`, 'utf8').matchAll(/\bchinese: (['`])(.+?)\1/g)].map(
        ([, , text = '']) => text,
      ),
    );
    expect(chinese.length).toBeGreaterThan(20);
    for (const sentence of chinese) expect(sentence).toMatch(/\p{Script=Han}.*[。？]$/u);
  });

  test('each error that keeps a program from starting, which is told in the language of the terminal', () => {
    const taken = Object.assign(new Error('x'), { code: 'EADDRINUSE', port: 80, address: '127.0.0.1' });
    const errors = [
      new SandboxModeError('world_invalid', 'The world w.json cannot be used.'),
      new StartOptionsError('Usage: npm start'),
      asListenError(taken, 'PORT'),
      new StoreError('database_unreachable', 'The database at h:1 cannot be reached.'),
    ];
    for (const error of errors) {
      const english = failureText(error, { LANG: 'en_US.UTF-8' });
      expect(english).not.toMatch(HAN);
      const [first, ...rest] = failureText(error, { LANG: 'zh_CN.UTF-8' }).split('\n');
      expect(first).toMatch(HAN);
      expect(rest.join('\n')).toBe(english);
    }
    expect(failureText('odd', { LANG: 'zh_CN.UTF-8' })).toBe('odd');
  });

  test('each text of a schema that the operator can meet has its Chinese', () => {
    const alone = read('cli/**/*.ts')
      .flatMap((text) => [...text.matchAll(/(bilingual\(\s*)?['`](must (?:be|have) [^'`]*)['`]/g)])
      .filter(([, wrapped]) => wrapped === undefined)
      .map(([, , message = '']) => message);
    expect(alone).toEqual([]);
  });
});

describe('the language of the command line', () => {
  async function run(language: Terminal['language'], ...args: string[]): Promise<string> {
    const told: string[] = [];
    const code = await runCli(args, {
      ...(language ? { language } : {}),
      out: () => {},
      error: (line) => told.push(line),
    });
    expect(code).toBe(2);
    return told.join('\n');
  }

  test.each([
    ['no command', [], '请说明要做什么。'],
    ['a command that is none', ['tarif', 'import'], '没有命令“tarif import”'],
    ['an argument that is missing', ['tariff', 'import'], '缺少 FILE'],
    ['an argument too much', ['tariff', 'show', 'a', 'b'], '“b”是多余的'],
    ['an option that is none', ['tariff', 'show', 'a', '--verion', '1'], '没有这个选项：--verion'],
    ['an option without its value', ['tariff', 'show', 'a', '--version'], '--version'],
    ['a value that is none', ['tariff', 'show', 'a', '--version', 'x'], '--version 须为数字。'],
    ['an amount that is none', ['recharge', 'a', '1,5'], 'AMOUNT 须为 500 或 500.00 这样的金额。'],
  ])('given a Chinese terminal and %s, then it is told in Chinese', async (_, args, expected) => {
    expect(await run('zh-CN', ...args)).toContain(expected);
    expect(await run('en', '--language', 'zh-CN', ...args)).toContain(expected);
  });

  test('given another terminal, or English asked for, then it is told in English', async () => {
    expect(await run(undefined, 'tariff', 'import')).toContain('FILE is missing.');
    expect(await run('zh-CN', '--language=en', 'tariff', 'import')).toContain('FILE is missing.');
  });

  test('given a language that is not there, then that is said', async () => {
    expect(await run('en', '--language', 'fr', 'migrate')).toContain('--language must be one of zh-CN, en.');
    expect(() => takeLanguage(['--language'], 'en')).toThrow(/one of/);
  });

  test('given JSON, then the code is the same and the sentence is in the language', async () => {
    const { error } = JSON.parse(await run('zh-CN', 'tariff', 'import', '--json'));
    expect(error).toEqual({ code: 'usage', message: expect.stringMatching(HAN) });
  });

  test('given the details of an error, then its Chinese sentence names them', () => {
    const error = new InputError('offer_unknown', 'There is no offer.', { offer: '大{x}套餐' });
    expect(error.chinese).toContain('没有套餐“大{x}套餐”');
    expect(bilingual('one', '一')).toBe('one');
  });
});
