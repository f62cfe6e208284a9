import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../src/cli/catalogue.ts';
import { DataFile } from '../../src/cli/data-file.ts';
import { CliError } from '../../src/cli/errors.ts';

const folder = await mkdtemp(join(tmpdir(), 'sms-steward-files-'));
afterAll(() => rm(folder, { recursive: true }));
let count = 0;

async function write(content: string): Promise<string> {
  count += 1;
  const path = join(folder, `${count}.yaml`);
  await writeFile(path, content);
  return path;
}

/** What a file is refused for. */
async function refusal(reading: Promise<unknown>): Promise<CliError> {
  const error = await reading.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  if (!(error instanceof CliError)) throw new Error(`it was not refused: ${String(error)}`);
  return error;
}

const TARIFF = `
tariffs:
  - id: t
    version: 1
    currency: CNY
    effectiveFrom: 2026-01-01T00:00:00+08:00
    mode: volume
    planUsageCounts: false
    mainland:
      verification: &same
        - { upTo: 100, price: 0.045 }
        - { upTo: null, price: 0.040 }
      notification: *same
      promotion: *same
    international: { HK: 0.3, NO: 0.5 }
`;

describe('a data file', () => {
  test('rule 7: given YAML, then prices are text to their last digit, and Norway is a country', async () => {
    const [tariff] = await readCatalogue(await write(TARIFF), 'tariffs');
    expect(tariff).toMatchObject({
      effectiveFrom: '2026-01-01T00:00:00+08:00',
      mainland: {
        notification: [
          { upTo: 100, price: '0.045' },
          { upTo: null, price: '0.040' },
        ],
      },
      international: { HK: '0.3', NO: '0.5' },
    });
  });

  test('given the same as JSON, then it is the same', async () => {
    const [fromYaml] = await readCatalogue(await write(TARIFF), 'tariffs');
    const [fromJson] = await readCatalogue(await write(JSON.stringify({ tariffs: [fromYaml] })), 'tariffs');
    expect(fromJson).toEqual(fromYaml);
  });

  test('given several errors, then each is named with its line and place, in the order of the lines', async () => {
    const content = TARIFF.replace('upTo: 100,', 'upTo: 0,')
      .replace('price: 0.040', 'price: -0.040')
      .replace('HK: 0.3', 'QQ: 0.3')
      .replace('currency: CNY', 'currency: yuan')
      .replace('mode: volume', 'discount: 5 %');
    const { code, message } = await refusal(readCatalogue(await write(content), 'tariffs'));
    expect(code).toBe('file_invalid');
    const lines = message.split('\n').slice(1);
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}line 3, tariffs\[0\]\.mode: /),
      expect.stringMatching(/^ {2}line 5, tariffs\[0\]\.currency: /),
      '  line 7, tariffs[0].discount: nothing of this name belongs here',
      expect.stringMatching(/^ {2}line 11, tariffs\[0\]\.mainland\.verification\[0\]\.upTo: /),
      expect.stringMatching(/^ {2}line 11, tariffs\[0\]\.mainland\.notification\[0\]\.upTo: /),
      expect.stringMatching(/^ {2}line 11, tariffs\[0\]\.mainland\.promotion\[0\]\.upTo: /),
      '  line 12, tariffs[0].mainland.verification[1].price: an amount cannot be negative',
      '  line 12, tariffs[0].mainland.notification[1].price: an amount cannot be negative',
      '  line 12, tariffs[0].mainland.promotion[1].price: an amount cannot be negative',
      expect.stringMatching(/^ {2}line 15, tariffs\[0\]\.international\.QQ: there is no country "QQ"/),
    ]);
  });

  test.each([
    ['a key that occurs twice', 'a: 1\nb: 2\na: 3\n', /line 3, column 1: Map keys must be unique/],
    ['a list that is not closed', 'a: [1,\nb: 2\n', /line 2, /],
    ['two documents', 'a: 1\n---\nb: 2\n', /line 2, /],
    ['an alias of nothing', 'a: *nothing\n', /nothing/],
    ['aliases that multiply', `a: &a [1,1,1,1,1,1,1,1,1,1]\n${bomb()}`, /alias/i],
    ['a tag that is not known', 'a: !!js/function x\n', /line 1, column 4: .*tag/i],
  ])('given %s, then it is refused', async (_, content, said) => {
    const { code, message } = await refusal(DataFile.read(await write(content)));
    expect([code, message]).toEqual(['file_invalid', expect.stringMatching(said)]);
  });

  test.each([
    ['nothing', ''],
    ['only a text', 'tariffs'],
    ['a list', '- 1'],
    ['nothing of what is wanted', 'offers: []'],
    ['an unknown key beside', `tarifs: []\n${TARIFF}`],
  ])('given a file with %s, then it is refused, not silently empty', async (_, content) => {
    expect((await refusal(readCatalogue(await write(content), 'tariffs'))).code).toBe('file_invalid');
  });

  test('given no file, then that is said', async () => {
    const { code, message } = await refusal(DataFile.read(join(folder, 'none.yaml')));
    expect([code, message]).toEqual(['file_unreadable', expect.stringContaining('ENOENT')]);
  });
});

function bomb(): string {
  const names = ['b', 'c', 'd', 'e', 'f'];
  return names
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${names[index - 1] ?? 'a'}`)}]\n`)
    .join('');
}
