import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { ALWAYS, type OfferStep, offerVersionProblem } from '../domain/offer.ts';
import type { Sentence } from '../domain/sentence.ts';
import { type TariffVersion, tierProblems, versionProblem } from '../domain/tariff.ts';
import { timeInFile } from '../store/tariffs.ts';

/** What is wrong in a file, and where: the keys and indexes that lead there. */
export interface FileProblem {
  readonly path: readonly PropertyKey[];
  readonly message: Sentence;
}

// As much of a file as can be read: what cannot be read is named by the schema, and must not hide what else is wrong.
const anyTiers = z.array(z.object({ upTo: z.int().nullable().optional().catch(undefined) }).catch({})).catch([]);
const anyTime = timeInFile
  .transform((text) => Temporal.Instant.from(text))
  .optional()
  .catch(undefined);
const anyTariff = z
  .object({
    id: z.string().optional().catch(undefined),
    version: z.int().optional().catch(undefined),
    currency: z.string().optional().catch(undefined),
    effectiveFrom: anyTime,
    mainland: z.record(z.string(), anyTiers).catch({}),
    international: z.record(z.string(), z.unknown()).catch({}),
  })
  .catch({ mainland: {}, international: {} });
const anyOffer = z
  .object({
    id: z.string().optional().catch(undefined),
    version: z.int().optional().default(1).catch(0),
    currency: z.string().optional().catch(undefined),
    effectiveFrom: anyTime,
  })
  .catch({ version: 0 });
const anyCatalogue = z
  .object({
    tariffs: z.array(anyTariff).catch([]),
    offers: z.array(anyOffer).catch([]),
  })
  .catch({ tariffs: [], offers: [] });

type AnyTariff = z.output<typeof anyTariff>;
type AnyOffer = z.output<typeof anyOffer>;

/** What no schema of a single value sees: gaps and overlaps of tiers and versions, unknown countries, entries that occur twice. */
export function catalogueProblems(value: unknown): FileProblem[] {
  const { tariffs, offers } = anyCatalogue.parse(value);
  return [
    ...tariffs.flatMap((tariff, index) =>
      [...problemsOf(tariff), ...problemsAmong(tariff, tariffs.slice(0, index))].map(({ path, message }) => {
        return { path: ['tariffs', index, ...path], message };
      }),
    ),
    ...offers.flatMap((offer, index) =>
      problemsAmongOffers(offer, offers.slice(0, index)).map(({ path, message }) => {
        return { path: ['offers', index, ...path], message };
      }),
    ),
  ];
}

function problemsOf({ mainland, international }: AnyTariff): FileProblem[] {
  return [
    ...Object.entries(mainland).flatMap(([type, tiers]) =>
      tierProblems(tiers.map(({ upTo }) => upTo)).map(({ index, message }) => {
        return { path: ['mainland', type, index, 'upTo'], message };
      }),
    ),
    ...Object.keys(international).flatMap((country) => {
      const message = countryProblem(country);
      return message ? [{ path: ['international', country], message }] : [];
    }),
  ];
}

function twice(english: string, chinese: string): Sentence {
  return { english: `${english} occurs twice`, chinese: `${chinese}出现了两次` };
}

function countryProblem(country: string): Sentence | undefined {
  if (country === 'CN') {
    return {
      english: 'the mainland is not international; its prices stand under "mainland"',
      chinese: '中国内地不属于国际/港澳台，其价格写在 "mainland" 下',
    };
  }
  // Other forms are the schema's to name.
  if (!/^[A-Z]{2}$/.test(country) || isSupportedCountry(country)) return undefined;
  return {
    english: `there is no country "${country}"; a country is its ISO 3166 code, such as "HK"`,
    chinese: `没有国家“${country}”；国家用 ISO 3166 代码表示，例如 "HK"`,
  };
}

function problemsAmong(tariff: AnyTariff, before: readonly AnyTariff[]): FileProblem[] {
  const version = versionOf(tariff);
  if (!version) return [];
  return before.flatMap((other): FileProblem[] => {
    const known = versionOf(other);
    if (other.id !== tariff.id || !known) return [];
    if (known.version === version.version) {
      const message = twice(`version ${version.version} of "${tariff.id}"`, `“${tariff.id}”的第 ${version.version} 版`);
      return [{ path: ['version'], message }];
    }
    const message = versionProblem(version, known);
    return message ? [{ path: [known.currency === version.currency ? 'effectiveFrom' : 'currency'], message }] : [];
  });
}

function versionOf({ version, currency, effectiveFrom }: AnyTariff): TariffVersion | undefined {
  if (version === undefined || currency === undefined || !effectiveFrom) return undefined;
  return { version, currency, effectiveFrom };
}

function problemsAmongOffers(offer: AnyOffer, before: readonly AnyOffer[]): FileProblem[] {
  const { id, version } = offer;
  if (id === undefined || version < 1) return [];
  return before.flatMap((other): FileProblem[] => {
    if (other.id !== id) return [];
    if (other.version === version) {
      const message = twice(`version ${version} of the offer "${id}"`, `套餐“${id}”的第 ${version} 版`);
      return [{ path: ['version'], message }];
    }
    const [step, known] = [stepOf(offer), stepOf(other)];
    const problem = step && known && offerVersionProblem(step, known);
    return problem ? [{ path: [problem.field], message: problem.message }] : [];
  });
}

/** Undefined where it cannot be read: what is missing is named by the schema. */
function stepOf({ version, effectiveFrom, currency }: AnyOffer): OfferStep | undefined {
  const begins = effectiveFrom ?? (version === 1 ? ALWAYS : undefined);
  return version < 1 || !begins ? undefined : { version, effectiveFrom: begins, currency: currency ?? null };
}
