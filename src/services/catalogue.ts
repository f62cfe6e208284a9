import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { InputError } from '../domain/errors.ts';
import { parseMoney } from '../domain/money.ts';
import type { PlanOffer } from '../domain/plan.ts';
import { insertOffers, readOffers } from '../store/plans.ts';
import type { Tx } from '../store/schema.ts';
import { insertTariff, readTariffs, type TariffDocument, tariffDocument } from '../store/tariffs.ts';
import type { ServiceContext } from './context.ts';

/** An amount of money in a file: a decimal string such as "2150.00", so that it is never a float. */
export const moneyInFile = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,6})?$/, 'an amount is a decimal string such as "2150.00"')
  .transform(parseMoney);

const offerSchema = z
  .strictObject({
    id: z.string().regex(/^\S{1,60}$/, 'an id has 1 to 60 characters and no spaces'),
    title: z.string().min(1).max(60),
    segments: z.int().positive().transform(BigInt),
    price: moneyInFile,
    currency: z.string().regex(/^[A-Z]{3}$/),
    validityMonths: z.int().min(1).max(120),
    renewalDiscountBp: z.int().min(0).max(10_000).default(0),
  })
  .transform((offer): PlanOffer => offer);

/** Price lists and plan offers, as they stand in a file; its other keys belong to others. */
export const catalogueSchema = z.looseObject({
  tariffs: z.array(tariffDocument).default([]),
  offers: z.array(offerSchema).default([]),
});

export interface Catalogue {
  readonly tariffs: readonly TariffDocument[];
  readonly offers: readonly PlanOffer[];
}

/** What became of an entry: `different` has the id of one that is there with other content, and was left out. */
export interface CatalogueEntry {
  readonly kind: 'tariff' | 'offer';
  readonly id: string;
  readonly state: 'added' | 'known' | 'different';
}

/** @throws InputError `file_invalid`, with everything that is wrong */
export function parseCatalogue(value: unknown): Catalogue {
  const { offers } = parseFile(catalogueSchema, value);
  // A tariff is kept as it was written, so it is the input that is wanted; it has just been found valid.
  const { tariffs = [] } = value as z.input<typeof catalogueSchema>;
  return { tariffs, offers };
}

/** @throws InputError `file_invalid`, with everything that is wrong */
export function parseFile<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new InputError('file_invalid', `The file cannot be used. Change it and try again:\n  ${problems.join('\n  ')}`);
}

/** Adds what is new to the catalogue. What is there already stays as it is: a bill may rest on it. */
export async function addToCatalogue(context: ServiceContext, tx: Tx, catalogue: Catalogue): Promise<CatalogueEntry[]> {
  const entries: CatalogueEntry[] = [];
  for (const tariff of catalogue.tariffs) {
    const versions = await readTariffs(tx, tariff.id);
    const known = versions.find((version) => version.version === tariff.version);
    if (!known) await insertTariff(tx, tariff, context.clock.now());
    const parsed = tariffDocument.parse(tariff);
    const given = { ...parsed, effectiveFrom: Temporal.Instant.from(parsed.effectiveFrom).toString() };
    const there = known && { ...known, effectiveFrom: known.effectiveFrom.toString() };
    entries.push({ kind: 'tariff', id: `${tariff.id} version ${tariff.version}`, state: stateOf(there, given) });
  }
  const knownOffers = new Map((await readOffers(tx)).map((offer) => [offer.id, offer]));
  const newOffers = catalogue.offers.filter((offer) => !knownOffers.has(offer.id));
  if (newOffers.length > 0) await insertOffers(tx, newOffers);
  for (const offer of catalogue.offers) {
    entries.push({ kind: 'offer', id: offer.id, state: stateOf(knownOffers.get(offer.id), offer) });
  }
  return entries;
}

/** Instants must be given as text: two of them always count as equal here. */
function stateOf(known: object | undefined, given: object): CatalogueEntry['state'] {
  if (!known) return 'added';
  return isDeepStrictEqual(known, given) ? 'known' : 'different';
}
