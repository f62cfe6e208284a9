import { sql } from 'kysely';
import { z } from 'zod';
import { parseMoney } from '../domain/money.ts';
import { bilingual } from '../domain/sentence.ts';
import { type Tariff, tierProblems } from '../domain/tariff.ts';
import type { Executor, Tx } from './schema.ts';

const NEGATIVE = bilingual('an amount cannot be negative', '金额不能为负');
const NO_AMOUNT = bilingual(
  'an amount is a decimal such as 2150.00, with at most six digits after the point',
  '金额是 2150.00 这样的小数，小数点后最多六位',
);

/** An amount in a file: decimal text, so that it is never a float. */
export const moneyInFile = z
  .string(
    bilingual(
      'an amount is a decimal such as 2150.00; in JSON it stands in quotes',
      '金额是 2150.00 这样的小数，在 JSON 里要加引号',
    ),
  )
  .regex(/^\d{1,12}(\.\d{1,6})?$/, {
    error: ({ input }) => (String(input).startsWith('-') ? NEGATIVE : NO_AMOUNT),
  })
  .transform(parseMoney);

export const currencyInFile = z
  .string()
  .regex(/^[A-Z]{3}$/, bilingual('a currency is three capital letters, such as CNY', '币种是三个大写字母，例如 CNY'));

/** Of what ISO 8601 allows, `Temporal` reads no more digits of a second than nine, of which the database keeps six, and no year beyond four digits. */
export const timeInFile = z.iso
  .datetime({
    offset: true,
    error: bilingual(
      'a time has an offset, such as 2026-04-01T00:00:00+08:00',
      '时间须带时区偏移，例如 2026-04-01T00:00:00+08:00',
    ),
  })
  .regex(/^(?!000[01])/, bilingual('a time cannot lie before the year 2', '时间不能早于公元 2 年'))
  .regex(/^(?!9999-12-31.*-\d\d:)/, bilingual('a time cannot lie after the year 9999', '时间不能晚于公元 9999 年'))
  .regex(/^(?!.*\.\d{10})/, bilingual('a second has at most nine digits after the point', '秒的小数点后最多九位'))
  // As it is kept, so that the same file is known again.
  .transform((text) => text.replace(/(\.\d{6})\d+/, '$1'));

/** As the database counts. */
export const versionInFile = z
  .int()
  .positive()
  .max(2_147_483_647, bilingual('a version is at most 2147483647', '版本号不能大于 2147483647'));

/** What a person reads: the database holds no NUL and no half of a character, and nobody sees blanks and control characters. */
export function textInFile(maxLength: number) {
  return z
    .string()
    .max(maxLength, bilingual(`a text has at most ${maxLength} characters`, `文字最多 ${maxLength} 个字符`))
    .regex(/^(?=.*\S)\P{C}+$/u, bilingual('a text is printable and not empty', '文字须可显示，且不能为空'));
}

const tiers = z
  .array(z.object({ upTo: z.int().positive().nullable(), price: moneyInFile }))
  .min(1)
  .superRefine((list, context) => {
    for (const { index, message } of tierProblems(list.map(({ upTo }) => upTo))) {
      context.addIssue({ code: 'custom', path: [index, 'upTo'], message: message.english, params: message });
    }
  })
  .transform((list) => list.map(({ upTo, price }) => ({ upTo: upTo === null ? null : BigInt(upTo), price })));

/** A price list as it is kept in the database, whatever files were allowed to say once. Prices are decimal strings per segment. */
export const tariffDocument = z.strictObject({
  id: z.string().min(1),
  version: z.int().positive(),
  currency: currencyInFile,
  effectiveFrom: z.string(),
  mode: z.enum(['volume', 'graduated']),
  planUsageCounts: z.boolean(),
  mainland: z.strictObject({ verification: tiers, notification: tiers, promotion: tiers }),
  international: z.record(
    z
      .string()
      .regex(
        /^[A-Z]{2}$/,
        bilingual('a country is its ISO 3166 code, such as "HK"', '国家用 ISO 3166 代码表示，例如 "HK"'),
      ),
    moneyInFile,
  ),
});

/** A price list in a file: stricter than what is kept, which has to be read for good. */
export const tariffInFile = tariffDocument.extend({
  ...{ id: textInFile(60), version: versionInFile, effectiveFrom: timeInFile },
});

export type TariffDocument = z.input<typeof tariffDocument>;

/** Keeps others from adding tariffs until the transaction ends: what is to be added is compared with what is there. Reading goes on. */
export async function lockTariffs(tx: Tx): Promise<void> {
  await sql`lock table tariffs in share row exclusive mode`.execute(tx);
}

export async function insertTariff(tx: Tx, document: TariffDocument, now: Temporal.Instant): Promise<void> {
  await tx
    .insertInto('tariffs')
    .values({
      tariff_id: document.id,
      version: document.version,
      currency: document.currency,
      effective_from: Temporal.Instant.from(document.effectiveFrom),
      document: JSON.stringify(document),
      imported_at: now,
    })
    .onConflict((oc) => oc.columns(['tariff_id', 'version']).doNothing())
    .execute();
}

/** All versions of a tariff, ascending by when they begin. */
export async function readTariffs(db: Executor, tariffId: string): Promise<Tariff[]> {
  const rows = await db
    .selectFrom('tariffs')
    .select(['document', 'effective_from'])
    .where('tariff_id', '=', tariffId)
    .orderBy('effective_from')
    .orderBy('version')
    .execute();
  return rows.map((row) => {
    const { effectiveFrom: _, ...document } = tariffDocument.parse(row.document);
    return { ...document, effectiveFrom: row.effective_from };
  });
}

/** The ids of all tariffs. */
export async function listTariffIds(db: Executor): Promise<string[]> {
  const rows = await db.selectFrom('tariffs').select('tariff_id').distinct().orderBy('tariff_id').execute();
  return rows.map((row) => row.tariff_id);
}
