import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { PlanOffer } from '../domain/plan.ts';
import { bilingual, type Sentence } from '../domain/sentence.ts';
import { versionProblem } from '../domain/tariff.ts';
import { makeWaitingDue } from '../store/accounts.ts';
import { NO_ACCOUNT } from '../store/notices.ts';
import { insertOffers, readOffers } from '../store/plans.ts';
import type { Tx } from '../store/schema.ts';
import {
  currencyInFile,
  insertTariff,
  moneyInFile,
  readTariffs,
  type TariffDocument,
  tariffDocument,
} from '../store/tariffs.ts';
import { operatorOf, record } from './audit.ts';
import { catalogueProblems, type FileProblem } from './catalogue-problems.ts';
import type { ServiceContext } from './context.ts';
import { issuesIn, parseFile } from './file-problems.ts';

const offerSchema = z
  .strictObject({
    id: z
      .string()
      .regex(
        /^\S{1,60}$/,
        bilingual('an id has 1 to 60 characters and no spaces', 'id 由 1 到 60 个字符组成，不含空格'),
      ),
    title: z.string().min(1).max(60),
    segments: z.int().positive().transform(BigInt),
    price: moneyInFile,
    currency: currencyInFile,
    validityMonths: z.int().min(1).max(120),
    renewalDiscountBp: z.int().min(0).max(10_000).default(0),
  })
  .transform((offer): PlanOffer => offer);

const entries = { tariffs: z.array(tariffDocument).default([]), offers: z.array(offerSchema).default([]) };

/** Price lists and plan offers, as they stand in a world; its other keys belong to others. */
export const catalogueSchema = z.looseObject(entries).superRefine((value, context) => {
  for (const { path, message } of catalogueProblems(value)) {
    context.addIssue({ code: 'custom', path: [...path], message: message.english, params: message });
  }
});

/** A file of the operator: nothing but price lists and offers, so that a misspelt key is not silently nothing. */
const catalogueFile = z.strictObject({
  about: z.union([z.string(), z.array(z.string())]).optional(),
  ...entries,
});

export interface Catalogue {
  readonly tariffs: readonly TariffDocument[];
  readonly offers: readonly PlanOffer[];
}

/** What became of an entry: `different` says why it does not go together with what is there, and was left out. */
export type CatalogueEntry = { readonly kind: 'tariff' | 'offer'; readonly id: string } & (
  | { readonly state: 'added' | 'known' }
  | { readonly state: 'different'; readonly reason: Sentence }
);

/** All that is wrong with a catalogue file, or what stands in it. */
export function readCatalogueFile(value: unknown): Catalogue | { readonly problems: readonly FileProblem[] } {
  const parsed = catalogueFile.safeParse(value);
  const found = [...issuesIn(catalogueFile, value), ...catalogueProblems(value)];
  const problems = new Map(found.map((problem) => [`${problem.path.join('.')} ${problem.message.english}`, problem]));
  if (problems.size > 0 || !parsed.success) return { problems: [...problems.values()] };
  return { tariffs: tariffsOf(value), offers: parsed.data.offers };
}

/** @throws InputError `file_invalid`, with everything that is wrong */
export function parseCatalogue(value: unknown): Catalogue {
  const { offers } = parseFile(catalogueSchema, value);
  return { tariffs: tariffsOf(value), offers };
}

/** A tariff is kept as it was written, so it is the input that is wanted, once it was found valid. */
function tariffsOf(value: unknown): readonly TariffDocument[] {
  return (value as { tariffs?: readonly TariffDocument[] }).tariffs ?? [];
}

/** Adds what is new to the catalogue. What is there already stays as it is: a bill may rest on it. */
export async function addToCatalogue(context: ServiceContext, tx: Tx, catalogue: Catalogue): Promise<CatalogueEntry[]> {
  return [...(await addTariffs(context, tx, catalogue.tariffs)), ...(await addOffers(tx, catalogue.offers))];
}

/**
 * Adds versions of price lists, in the order of the file; those that do not go together with what is there are left out. Accounts whose
 * usage waits for a price are reviewed, which bills it. (rules 4 and 5)
 */
export async function addTariffs(
  context: ServiceContext,
  tx: Tx,
  tariffs: readonly TariffDocument[],
): Promise<CatalogueEntry[]> {
  const added: CatalogueEntry[] = [];
  for (const tariff of tariffs) {
    const { effectiveFrom, ...document } = tariffDocument.parse(tariff);
    const given = { ...document, effectiveFrom: Temporal.Instant.from(effectiveFrom) };
    const entry = { kind: 'tariff', id: `${tariff.id} version ${tariff.version}` } as const;
    const versions = await readTariffs(tx, tariff.id);
    const same = versions.find(({ version }) => version === tariff.version);
    if (same) {
      added.push(
        isSame(same, given) ? { ...entry, state: 'known' } : { ...entry, state: 'different', reason: OTHER_TARIFF },
      );
      continue;
    }
    const [reason] = versions.flatMap((version) => versionProblem(given, version) ?? []);
    if (reason === undefined) {
      await insertTariff(tx, tariff, context.clock.now());
      await makeWaitingDue(tx, tariff.id, context.clock.now());
    }
    added.push(reason === undefined ? { ...entry, state: 'added' } : { ...entry, state: 'different', reason });
  }
  return added;
}

const OTHER_TARIFF: Sentence = {
  english: 'this version is there with other content, and bills may rest on it; give the new one a new version',
  chinese: '这一版已存在而内容不同，账单可能以它为据；请给新的内容一个新版本号',
};
const OTHER_OFFER: Sentence = {
  english: 'this offer is there with other content, and plans may rest on it; give the new one a new id',
  chinese: '这个套餐已存在而内容不同，已购套餐可能以它为据；请给新的套餐一个新 id',
};

/** Adds offers; those that are there with other content are left out. */
export async function addOffers(tx: Tx, offers: readonly PlanOffer[]): Promise<CatalogueEntry[]> {
  const known = new Map((await readOffers(tx)).map((offer) => [offer.id, offer]));
  const fresh = offers.filter((offer) => !known.has(offer.id));
  if (fresh.length > 0) await insertOffers(tx, fresh);
  return offers.map((offer) => {
    const entry = { kind: 'offer', id: offer.id } as const;
    const there = known.get(offer.id);
    if (!there) return { ...entry, state: 'added' };
    return isSame(there, offer) ? { ...entry, state: 'known' } : { ...entry, state: 'different', reason: OTHER_OFFER };
  });
}

/** Two instants always count as deeply equal, so they are compared as text. */
function isSame(known: object, given: object): boolean {
  return isDeepStrictEqual(withTexts(known), withTexts(given));
}

function withTexts(value: object): object {
  const text = (item: unknown) => (item instanceof Temporal.Instant ? item.toString() : item);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(item)]));
}

/** Enters what an import added into the audit; it concerns all accounts. */
export async function recordImport(context: ServiceContext, tx: Tx, entries: readonly CatalogueEntry[]): Promise<void> {
  const added = (kind: CatalogueEntry['kind']) =>
    entries.filter((entry) => entry.kind === kind && entry.state === 'added').map(({ id }) => id);
  const [tariffs, offers] = [added('tariff'), added('offer')];
  if (tariffs.length + offers.length === 0) return;
  const deed = { type: 'catalogue_imported', tariffs, offers } as const;
  await record(context, tx, NO_ACCOUNT, { by: operatorOf(context), deed });
}
