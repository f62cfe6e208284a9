import { z } from 'zod';
import { InputError } from '../../domain/errors.ts';
import { type Micro, moneyToDecimal } from '../../domain/money.ts';
import { bilingual } from '../../domain/sentence.ts';
import { type Tariff, tariffAt } from '../../domain/tariff.ts';
import { TEMPLATE_TYPES } from '../../domain/usage.ts';
import { readTariffs } from '../../store/tariffs.ts';
import { defineCommand } from '../command.ts';
import { fields, formatCount, formatMoney, formatTime, SUPPLIER_TIME_ZONE, table } from '../output.ts';

export const tariffShow = defineCommand({
  name: 'tariff show',
  about: 'Show the prices of a tariff',
  arguments: [{ name: 'TARIFF', about: 'its id' }],
  options: { version: { value: 'NUMBER', about: 'which version; the one that holds now, if left out' } },
  input: z.object({
    TARIFF: z.string(),
    version: z
      .string()
      .regex(/^\d{1,9}$/, bilingual('must be a number', '须为数字'))
      .transform(Number)
      .optional(),
  }),
  run: async ({ db, context }, { TARIFF, version }) => {
    const versions = await readTariffs(db.kysely, TARIFF);
    if (versions.length === 0) {
      throw new InputError(
        'tariff_unknown',
        `There is no tariff "${TARIFF}"; "npm run cli -- tariff list" shows them.`,
        { tariff: TARIFF },
      );
    }
    const tariff =
      version === undefined
        ? tariffAt(versions, context.clock.now())
        : versions.find((candidate) => candidate.version === version);
    if (!tariff) {
      const known = versions.map((candidate) => candidate.version).join(', ');
      throw new InputError('tariff_unknown', `"${TARIFF}" has no version ${version}; it has ${known}.`, {
        tariff: `${TARIFF} version ${version}`,
      });
    }
    return { json: toJson(tariff), lines: toLines(tariff) };
  },
});

function toJson(tariff: Tariff): object {
  const mainland = TEMPLATE_TYPES.map((type) => [
    type,
    tariff.mainland[type].map(({ upTo, price }) => ({
      upTo: upTo === null ? null : Number(upTo),
      price: moneyToDecimal(price),
    })),
  ]);
  const international = Object.entries(tariff.international).map(([country, price]) => [
    country,
    moneyToDecimal(price),
  ]);
  return {
    ...tariff,
    effectiveFrom: tariff.effectiveFrom.toString(),
    mainland: Object.fromEntries(mainland),
    international: Object.fromEntries(international),
  };
}

function toLines(tariff: Tariff): string[] {
  const money = (price: Micro) => formatMoney(price, tariff.currency);
  const tiers = TEMPLATE_TYPES.flatMap((type) =>
    tariff.mainland[type].map(({ upTo, price }, index) => [
      type,
      formatCount((tariff.mainland[type][index - 1]?.upTo ?? 0n) + 1n),
      upTo === null ? 'any' : formatCount(upTo),
      money(price),
    ]),
  );
  const countries = Object.entries(tariff.international).map(([country, price]) => [country, money(price)]);
  return [
    ...fields([
      ['Tariff', `${tariff.id} version ${tariff.version}`],
      ['From', `${formatTime(tariff.effectiveFrom, SUPPLIER_TIME_ZONE)} (${SUPPLIER_TIME_ZONE})`],
      ['Mode', tariff.mode],
      ['Tier', tariff.planUsageCounts ? 'plan usage counts towards it' : 'only pay-as-you-go counts towards it'],
    ]),
    '',
    ...table([['MAINLAND', 'FROM', 'UP TO', 'A SEGMENT'], ...tiers], [1, 2, 3]),
    '',
    ...table([['INTERNATIONAL', 'A SEGMENT'], ...countries], [1]),
  ];
}
