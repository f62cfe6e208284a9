import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../src/cli/catalogue.ts';
import { parseCatalogue } from '../../src/services/catalogue.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { cli, codeOf, jsonOf, type Ran } from './cli.ts';

const { url } = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'sms-steward-catalogue-'));
afterAll(() => rm(folder, { recursive: true }));
const SAMPLE = new URL('../../catalogue/sample.yaml', import.meta.url).pathname;
const WORLD = new URL('../../worlds/first-start.json', import.meta.url).pathname;
const run = (...args: string[]): Promise<Ran> => cli(args, { env: { DATABASE_URL: url }, folder });
const json = async (...args: string[]) => jsonOf(await run(...args, '--json'));
/** The sample, with some of its text changed. */
const changed = async (from: string | RegExp, to: string) => {
  const path = join(folder, `${randomUUID()}.yaml`);
  await writeFile(path, (await readFile(SAMPLE, 'utf8')).replace(from, to));
  return path;
};

beforeAll(async () => {
  await json('tariff', 'import', SAMPLE);
  await json('offer', 'import', SAMPLE);
});

describe('given the sample', () => {
  test('then it is what the sandbox begins with, and says that it is a sample', async () => {
    const catalogue = parseCatalogue(JSON.parse(await readFile(WORLD, 'utf8')));
    expect(await readCatalogue(SAMPLE, 'offers')).toEqual(catalogue.offers);
    expect(await readCatalogue(SAMPLE, 'tariffs')).toEqual(catalogue.tariffs);
    expect(await readFile(SAMPLE, 'utf8')).toMatch(/^# A SAMPLE/);
  });

  test('when it is imported again, then what is there stays, and is said to be there', async () => {
    expect(await run('tariff', 'import', SAMPLE)).toMatchObject({
      code: 0,
      out: 'is there  tariff  sample version 1\n',
    });
    expect((await run('offer', 'import', SAMPLE)).out).toMatch(/^(is there {2}offer {2}sample-\d+ version 1 *\n){5}$/);
  });
});

describe('given tariffs', () => {
  test('when a version comes with other content, then nothing of the file is imported', async () => {
    const file = join(folder, 'conflict.json');
    const prices = { ...JSON.parse(await readFile(WORLD, 'utf8')).tariffs[0] };
    const other = { ...prices, id: 'brand-new' };
    await writeFile(file, JSON.stringify({ tariffs: [other, { ...prices, planUsageCounts: true }] }));
    const refused = await run('tariff', 'import', file);
    expect([refused.code, codeOf(refused)]).toEqual([1, 'tariff_conflict']);
    expect(refused.error).toMatch(
      /conflict\.json cannot be used.*line \d+, tariffs\[1\]\.planUsageCounts: version 1 of tariff "sample" is there with the planUsageCounts false/s,
    );
    expect((await run('tariff', 'list')).out).not.toContain('brand-new');
  });

  test('when a file has an error, then its line is named and nothing is imported', async () => {
    const file = await changed('{ upTo: 300000, price: 0.040 }', '{ upTo: 300000, price: -0.040 }');
    const refused = await run('tariff', 'import', file);
    expect([refused.code, codeOf(refused)]).toEqual([1, 'file_invalid']);
    expect(refused.error).toMatch(
      /line \d+, tariffs\[0\]\.mainland\.verification\[1\]\.price: an amount cannot be negative/,
    );
    expect((await run('tariff', 'list')).out.match(/^sample /gm)).toHaveLength(1);
  });

  test('then they can be listed and shown, for people and for machines', async () => {
    expect((await run('tariff', 'list')).out).toMatch(/^sample +1 +CNY +volume +2024-01-01 00:00$/m);
    const { out } = await run('tariff', 'show', 'sample');
    expect(out).toMatch(/^verification +100,001 +300,000 +¥0\.04$/m);
    expect(out).toMatch(/^promotion +3,000,001 +any +¥0\.046$/m);
    expect(out).toMatch(/^HK +¥0\.415$/m);
    expect(await json('tariff', 'show', 'sample', '--version', '1')).toMatchObject({
      id: 'sample',
      mainland: { promotion: expect.arrayContaining([{ upTo: null, price: '0.046' }]) },
      international: { HK: '0.415' },
    });
    expect(codeOf(await run('tariff', 'show', 'sample', '--version', '2'))).toBe('tariff_unknown');
    expect(codeOf(await run('tariff', 'show', 'none'))).toBe('tariff_unknown');
  });
});

describe('given offers', () => {
  test('when one comes with other content, then nothing of the file is imported', async () => {
    const refused = await run('offer', 'import', await changed(/^ {4}segments: 5000\n/m, '    segments: 5001\n'));
    expect([refused.code, codeOf(refused)]).toEqual([1, 'offer_conflict']);
    expect(refused.error).toMatch(
      /line \d+, offers\[0\]\.segments: version 1 of offer "sample-5000" is there with the segments 5000.*as version 2/,
    );
    const chinese = await run(
      'offer',
      'import',
      await changed(/^ {4}price: 250\.00/m, '    price: 251.00'),
      '--language',
      'zh-CN',
    );
    expect(chinese.error).toMatch(
      /与已有的套餐不符.*第 \d+ 行，offers\[0\]\.price：套餐“sample-5000”的第 1 版已存在，其 price 为 250/s,
    );
  });

  test('when the sample is changed as it says itself, then every version is listed, with from when it holds', async () => {
    const text = await readFile(SAMPLE, 'utf8');
    // What stands in its comment, as entries.
    const announced = text
      .split('\n')
      .filter((line) => /^# {3}( {2}[a-zA-Z]|- )/.test(line))
      .map((line) => line.slice(2));
    expect(announced.join('\n')).toContain('withdrawn: true');
    const path = join(folder, 'announced.yaml');
    await writeFile(path, `offers:\n${announced.join('\n')}\n`);
    expect((await run('offer', 'import', path)).out).toBe(
      'added  offer  sample-5000 version 2\nadded  offer  sample-5000 version 3\n',
    );
    const { out } = await run('offer', 'list');
    expect(out).toMatch(/^sample-5000 +1 +(sold|over) +always .* 5,000 +¥250\.00 +¥250\.00 +6$/m);
    expect(out).toMatch(/^sample-5000 +2 +\w+ +2026-04-01 00:00 .* ¥260\.00 +¥260\.00 +6$/m);
    expect(out).toMatch(/^sample-5000 +3 +\w+ +2027-01-01 00:00 +not sold *$/m);
    const listed = await json('offer', 'list');
    expect(listed).toContainEqual({
      ...{ id: 'sample-5000', version: 3, effectiveFrom: '2026-12-31T16:00:00Z', withdrawn: true },
      state: expect.stringMatching(/announced|withdrawn/),
    });
    expect(listed).toContainEqual(
      expect.objectContaining({ id: 'sample-50000', version: 1, effectiveFrom: null, state: 'sold' }),
    );
  });

  test('then they can be listed, for people and for machines', async () => {
    expect((await run('offer', 'list')).out).toMatch(/^sample-50000 .* 50,000 +¥2,150\.00 +¥2,042\.50 +12$/m);
    expect(await json('offer', 'list')).toContainEqual(
      expect.objectContaining({ id: 'sample-50000', segments: 50_000, price: '2150.00', renewalPrice: '2042.50' }),
    );
  });
});
