import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { moneyToDecimal } from '../domain/money.ts';
import { ALWAYS, isWithdrawal, type OfferVersion, offerStep, offerVersionProblem } from '../domain/offer.ts';
import { OFFER_STOPS } from '../domain/renewal.ts';
import { bilingual, type Sentence } from '../domain/sentence.ts';
import { versionProblem } from '../domain/tariff.ts';
import { makeRenewingDue, makeWaitingDue } from '../store/accounts.ts';
import { NO_ACCOUNT } from '../store/notices.ts';
import { insertOffers, lockOffers, readOffers } from '../store/plans.ts';
import { retryWhenOfferBegins } from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import {
  currencyInFile,
  insertTariff,
  lockTariffs,
  moneyInFile,
  readTariffs,
  type TariffDocument,
  tariffInFile,
  textInFile,
  timeInFile,
  versionInFile,
} from '../store/tariffs.ts';
import { operatorOf, record } from './audit.ts';
import { catalogueProblems, type FileProblem } from './catalogue-problems.ts';
import type { ServiceContext } from './context.ts';
import { issuesIn, parseFile } from './file-problems.ts';

const offerKey = {
  id: z
    .string()
    .regex(
      /^[^\s\p{C}]{1,60}$/u,
      bilingual('an id has 1 to 60 characters and no spaces', 'id 由 1 到 60 个字符组成，不含空格'),
    ),
  version: versionInFile.default(1),
  effectiveFrom: timeInFile.optional(),
};

/** A version of an offer: its terms, or that it is not sold from then on. The first one has always been sold where it names no time. */
const offerSchema = z
  .discriminatedUnion('withdrawn', [
    z.strictObject({
      ...offerKey,
      withdrawn: z.literal(false).optional(),
      title: textInFile(60),
      segments: z.int().positive().transform(BigInt),
      price: moneyInFile,
      currency: currencyInFile,
      validityMonths: z.int().min(1).max(120),
      renewalDiscountBp: z.int().min(0).max(10_000).default(0),
    }),
    z.strictObject({ ...offerKey, withdrawn: z.literal(true) }),
  ])
  .superRefine(({ version, effectiveFrom, withdrawn }, context) => {
    const refuse = (field: string, { english, chinese }: Sentence) =>
      context.addIssue({ code: 'custom', path: [field], message: english, params: { english, chinese } });
    if (version > 1 && effectiveFrom === undefined) refuse('effectiveFrom', NO_TIME);
    if (version === 1 && withdrawn) refuse('withdrawn', NOTHING_SOLD);
  })
  .transform((given): OfferVersion => {
    const effectiveFrom = given.effectiveFrom === undefined ? ALWAYS : Temporal.Instant.from(given.effectiveFrom);
    if (given.withdrawn) return { id: given.id, version: given.version, effectiveFrom, withdrawn: true };
    const { withdrawn: _, ...offer } = given;
    return { ...offer, effectiveFrom };
  });

const NO_TIME: Sentence = {
  english: 'a version after the first one needs a time from which it holds, such as 2026-04-01T00:00:00+08:00',
  chinese: '第一版之后的版本须写明生效时间，例如 2026-04-01T00:00:00+08:00',
};
const NOTHING_SOLD: Sentence = {
  english: 'nothing of this offer is sold that could be withdrawn; an earlier version has to be there',
  chinese: '这个套餐还没有在售的版本，无从停售；须先有更早的一版',
};

const entries = { tariffs: z.array(tariffInFile).default([]), offers: z.array(offerSchema).default([]) };

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
  readonly offers: readonly OfferVersion[];
}

/** What became of an entry: `different` says why it does not go together with what is there, and was left out. */
export type CatalogueEntry = { readonly kind: 'tariff' | 'offer'; readonly id: string } & (
  | { readonly state: 'added' | 'known' }
  | ({ readonly state: 'different' } & Difference)
);

/** Why an entry does not go together with what is there, and in which of its fields. */
interface Difference {
  readonly field: string;
  readonly reason: Sentence;
}

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
  return [...(await addTariffs(context, tx, catalogue.tariffs)), ...(await addOffers(context, tx, catalogue.offers))];
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
  await lockTariffs(tx);
  const added: CatalogueEntry[] = [];
  for (const tariff of tariffs) {
    const { effectiveFrom, ...document } = tariffInFile.parse(tariff);
    const given = { ...document, effectiveFrom: Temporal.Instant.from(effectiveFrom) };
    const entry = { kind: 'tariff', id: `${tariff.id} version ${tariff.version}` } as const;
    const versions = await readTariffs(tx, tariff.id);
    const same = versions.find(({ version }) => version === tariff.version);
    if (same) {
      const difference = otherContent('tariff', same, given, versions);
      added.push(difference ? { ...entry, state: 'different', ...difference } : { ...entry, state: 'known' });
      continue;
    }
    const [reason] = versions.flatMap((version) => versionProblem(given, version) ?? []);
    if (reason === undefined) {
      await insertTariff(tx, tariff, context.clock.now());
      await makeWaitingDue(tx, tariff.id, context.clock.now());
    }
    const field = versions.some(({ currency }) => currency !== given.currency) ? 'currency' : 'effectiveFrom';
    added.push(reason === undefined ? { ...entry, state: 'added' } : { ...entry, state: 'different', field, reason });
  }
  return added;
}

/**
 * Adds versions of offers, in their order; those that do not go together with what is there are left out. What was sold stays as it was sold:
 * another price, or the end of the sale, is a new version; accounts that are to renew with it are reviewed, which tells them of an end. (rule 13)
 */
export async function addOffers(
  context: ServiceContext,
  tx: Tx,
  given: readonly OfferVersion[],
): Promise<CatalogueEntry[]> {
  await lockOffers(tx);
  const known = new Map((await readOffers(tx)).map(({ id, versions }) => [id, [...versions]]));
  const states = new Map<OfferVersion, CatalogueEntry>();
  for (const version of given.toSorted((a, b) => a.version - b.version)) {
    const versions = known.get(version.id) ?? [];
    const entry = { kind: 'offer', id: `${version.id} version ${version.version}` } as const;
    const same = versions.find((other) => other.version === version.version);
    const problem = same ? otherContent('offer', same, version, versions) : versionRefusal(version, versions);
    if (problem) states.set(version, { ...entry, state: 'different', ...problem });
    else if (same) states.set(version, { ...entry, state: 'known' });
    else {
      await insertOffers(tx, [version]);
      await lookAtRenewals(context, tx, version);
      known.set(version.id, [...versions, version]);
      states.set(version, { ...entry, state: 'added' });
    }
  }
  return given.flatMap((version) => states.get(version) ?? []);
}

/**
 * When a stopped renewal is tried again was set without knowing of this version. Making the accounts due locks them first, so a renewal that is
 * stopped in this moment is not missed. (rule 13)
 */
async function lookAtRenewals(
  context: ServiceContext,
  tx: Tx,
  { id, effectiveFrom }: Pick<OfferVersion, 'id' | 'effectiveFrom'>,
): Promise<void> {
  const now = context.clock.now();
  await makeRenewingDue(tx, id, now);
  const begins = Temporal.Instant.compare(effectiveFrom, now) < 0 ? now : effectiveFrom;
  await retryWhenOfferBegins(tx, id, { reasons: OFFER_STOPS, begins });
}

function versionRefusal(version: OfferVersion, others: readonly OfferVersion[]): Difference | undefined {
  if (isWithdrawal(version) && others.every((other) => isWithdrawal(other) || other.version > version.version)) {
    return { field: 'withdrawn', reason: NOTHING_SOLD };
  }
  const [problem] = others.flatMap((other) => offerVersionProblem(offerStep(version), offerStep(other)) ?? []);
  return problem && { field: problem.field, reason: problem.message };
}

/** In which field a version is another one than the one that is there; undefined where it is the same. */
function otherContent(
  kind: CatalogueEntry['kind'],
  there: object & { readonly id: string; readonly version: number },
  given: object,
  versions: readonly { readonly version: number }[],
): Difference | undefined {
  const [before, after] = [withTexts(there), withTexts(given)];
  const field = Object.keys({ ...after, ...before }).find((key) => !isDeepStrictEqual(before[key], after[key]));
  if (field === undefined) return undefined;
  const next = Math.max(...versions.map(({ version }) => version)) + 1;
  const name = `version ${there.version} of ${kind} "${there.id}"`;
  const chineseName = `${kind === 'offer' ? '套餐' : '资费'}“${there.id}”的第 ${there.version} 版`;
  const value = shownValue(field, before[field]);
  return {
    field,
    reason: {
      english: `${name} is there with ${value ? `the ${field} ${value}` : `another ${field}`}, and a version is never changed; import the change as version ${next}, with the time from which it holds ("effectiveFrom")`,
      chinese: `${chineseName}已存在，其 ${field} ${value ? `为 ${value}` : '不同'}，版本不会再变；请把改动作为第 ${next} 版导入，并写明生效时间（effectiveFrom）`,
    },
  };
}

/** A value that was imported before, as it stands in a file; undefined for what is more than a value. */
function shownValue(field: string, value: unknown): string | undefined {
  if (typeof value === 'bigint') return field === 'price' ? moneyToDecimal(value) : value.toString();
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

/** Two instants always count as deeply equal, so they are compared as text. */
function withTexts(value: object): Readonly<Record<string, unknown>> {
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
