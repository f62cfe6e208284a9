import { z } from 'zod';
import { ManualClock } from '../clock.ts';
import { TEMPLATE_TYPES, type UsageReport } from '../domain/usage.ts';
import { hasAccount, lockAccount } from '../store/accounts.ts';
import { type Database, inTransaction } from '../store/database.ts';
import { insertAdministrator } from '../store/groups.ts';
import { DEFAULT_POLICY } from '../store/renewals.ts';
import type { Tx } from '../store/schema.ts';
import { moneyInFile } from '../store/tariffs.ts';
import { insertTemplateCodes } from '../store/template-codes.ts';
import { ensurePartitions } from '../store/usage.ts';
import { createAccount, recharge } from './accounts.ts';
import { setAutoRenewal } from './auto-renewal.ts';
import { addToCatalogue, parseCatalogue } from './catalogue.ts';
import type { ServiceContext } from './context.ts';
import { parseFile } from './file-problems.ts';
import { authorizeGroup } from './groups.ts';
import { meterUsage } from './metering.ts';
import { findSoldOffer } from './offers.ts';
import { addPlan } from './plans.ts';

const days = z.int().min(0).max(80);
const segments = z.int().min(0).max(1_000_000);

/** Something that happened before the world begins. */
const pastSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('recharge'), daysAgo: days, amount: moneyInFile }),
  z.strictObject({ type: z.literal('purchase'), daysAgo: days, offer: z.string() }),
  /** Delivered mainland messages from then until now, more of them by day than by night. */
  z.strictObject({
    type: z.literal('usage'),
    daysAgo: days.min(1),
    segments: z.strictObject({ verification: segments, notification: segments, promotion: segments }),
  }),
]);

const groupSchema = z.strictObject({
  corpId: z.string().min(1),
  conversationId: z.string().min(1),
  title: z.string().min(1),
  language: z.enum(['zh-CN', 'en']),
  administrators: z.tuple([person()], person()),
});

function person() {
  return z.strictObject({ staffId: z.string().min(1), name: z.string().min(1) });
}

const accountSchema = z.strictObject({
  id: z.uuid(),
  name: z.string().min(1),
  tariff: z.string(),
  timeZone: z.string().default('Asia/Shanghai'),
  defaultTemplateType: z.enum(TEMPLATE_TYPES),
  creditLimit: moneyInFile.default(0n),
  templateCodes: z.record(z.string().min(1), z.enum(TEMPLATE_TYPES)).default({}),
  past: z.array(pastSchema).default([]),
  autoRenewal: z.strictObject({ threshold: segments, offer: z.string(), purchasesPerDay: z.int().min(1) }).optional(),
  groups: z.array(groupSchema).default([]),
});

/** The part of a world file that is about accounts, beside its catalogue. */
export const worldSchema = z.looseObject({ accounts: z.array(accountSchema).default([]) });

/** The accounts of a world file, with every default filled in. */
export type WorldAccounts = z.output<typeof worldSchema>['accounts'];
type WorldAccount = WorldAccounts[number];
type Past = z.output<typeof pastSchema>;
type PastUsage = Extract<Past, { type: 'usage' }>;

/** Who did what had happened before the world begins. */
const BY = 'world';

/**
 * Sets up the catalogue and the accounts of a world file, once: what is there already stays as it is. The past of an account is lived
 * through, entry by entry, on a clock that moves from then to now, so all its figures follow from entries like any others; nobody is
 * told of it, because the groups come last.
 *
 * @throws InputError `file_invalid`, and what the use cases refuse
 */
export async function setUpWorld(context: ServiceContext, db: Database, world: unknown): Promise<void> {
  const catalogue = parseCatalogue(world);
  const { accounts } = parseFile(worldSchema, world);
  await inTransaction(db, (tx) => addToCatalogue(context, tx, catalogue));
  const now = context.clock.now();
  for (const account of accounts) {
    if (await hasAccount(db.kysely, account.id)) continue;
    await ensurePartitions(db.kysely, beginningOf(account, now), now);
    await inTransaction(db, (tx) => setUpAccount(context, tx, account, now));
  }
}

function beginningOf(account: WorldAccount, now: Temporal.Instant): Temporal.Instant {
  return daysBefore(now, Math.max(0, ...account.past.map((event) => event.daysAgo)));
}

async function setUpAccount(
  context: ServiceContext,
  tx: Tx,
  account: WorldAccount,
  now: Temporal.Instant,
): Promise<void> {
  const clock = new ManualClock(beginningOf(account, now));
  const then = { ...context, clock };
  await createAccount(then, tx, {
    id: account.id,
    name: account.name,
    tariffId: account.tariff,
    timeZone: account.timeZone,
    defaultTemplateType: account.defaultTemplateType,
    creditLimit: account.creditLimit,
    overdueGraceHours: 0,
  });
  const codes = Object.entries(account.templateCodes).map(([code, templateType]) => ({ code, templateType }));
  await insertTemplateCodes(tx, account.id, codes);
  for (const step of stepsOf(account, now)) {
    clock.set(step.at);
    await step.take(then, tx);
  }
  clock.set(now);
  await setUpAutoRenewal(then, tx, account);
  for (const group of account.groups) await setUpGroup(then, tx, account.id, group);
}

/** Something to be done at a time of the past. */
interface Step {
  readonly at: Temporal.Instant;
  take(context: ServiceContext, tx: Tx): Promise<unknown>;
}

/** The past of an account in its order; usage is reported at the end of each day. */
function stepsOf(account: WorldAccount, now: Temporal.Instant): Step[] {
  const steps = account.past.flatMap((event, index) => stepsOfEvent(account, event, `${BY}/${index}`, now));
  return steps.toSorted((a, b) => Temporal.Instant.compare(a.at, b.at));
}

function stepsOfEvent({ id, timeZone }: WorldAccount, event: Past, key: string, now: Temporal.Instant): Step[] {
  const at = daysBefore(now, event.daysAgo);
  switch (event.type) {
    case 'recharge':
      return [{ at, take: (then, tx) => recharge(then, tx, { accountId: id, amount: event.amount, key, by: BY }) }];
    case 'purchase':
      return [{ at, take: (then, tx) => purchase(then, tx, id, event.offer, key) }];
    case 'usage':
      return [...daysOfUsage(event, key, timeZone, now)].map(({ until, reports }) => ({
        at: until,
        take: (then, tx) => meterUsage(then, tx, id, reports),
      }));
  }
}

async function purchase(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  offerId: string,
  key: string,
): Promise<void> {
  const offer = await findSoldOffer(tx, offerId, context.clock.now());
  const account = await lockAccount(tx, accountId);
  await addPlan(context, tx, account, { source: 'purchase', offer, price: offer.price, key, by: BY });
}

async function setUpAutoRenewal(context: ServiceContext, tx: Tx, { id, autoRenewal }: WorldAccount): Promise<void> {
  if (!autoRenewal) return;
  const { threshold, offer, purchasesPerDay } = autoRenewal;
  const policy = { ...DEFAULT_POLICY, enabled: true, threshold: BigInt(threshold), offerId: offer, purchasesPerDay };
  await setAutoRenewal(context, tx, id, policy, BY);
}

async function setUpGroup(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  group: WorldAccount['groups'][number],
): Promise<void> {
  const { corpId, conversationId, title, language } = group;
  const conversation = { corpId, conversationId };
  const [first, ...others] = group.administrators;
  await authorizeGroup(context, tx, { accountId, conversation, title, language, actor: first });
  for (const other of others) await insertAdministrator(tx, conversation, other, context.clock.now());
}

/** Segments of an ordinary message. */
const SEGMENTS_EACH = { verification: 1, notification: 2, promotion: 3 } as const;
/** How much is sent in each hour of the day, beside the others. */
const HOUR_WEIGHTS = [2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 18, 14, 14, 16, 18, 18, 16, 14, 14, 14, 12, 8, 4];
const HOUR_MS = 3_600_000;

/** The messages of a past, by the day: the same at every set-up, and as many segments as were asked for. */
function* daysOfUsage(
  usage: PastUsage,
  key: string,
  timeZone: string,
  now: Temporal.Instant,
): Iterable<{ until: Temporal.Instant; reports: UsageReport[] }> {
  const start = daysBefore(now, usage.daysAgo);
  const hours = Array.from({ length: usage.daysAgo * 24 }, (_, index) => start.add({ hours: index }));
  const weights = hours.map((hour) => HOUR_WEIGHTS[hour.toZonedDateTimeISO(timeZone).hour] ?? 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sent = { verification: 0, notification: 0, promotion: 0 };
  let passed = 0;
  for (let first = 0; first < hours.length; first += 24) {
    const reports: UsageReport[] = [];
    for (const [index, hour] of hours.slice(first, first + 24).entries()) {
      passed += weights[first + index] ?? 0;
      for (const type of TEMPLATE_TYPES) {
        const due = Math.round((usage.segments[type] * passed) / total) - sent[type];
        sent[type] += due;
        reports.push(...hourOfUsage(`${key}/${type}/${hour.epochMilliseconds}`, type, hour, due));
      }
    }
    yield { until: hours[first + 24] ?? now, reports };
  }
}

function hourOfUsage(
  key: string,
  templateType: UsageReport['templateType'] & string,
  hour: Temporal.Instant,
  due: number,
): UsageReport[] {
  const each = SEGMENTS_EACH[templateType];
  const count = Math.ceil(due / each);
  return Array.from({ length: count }, (_, index) => ({
    id: `${key}/${index}`,
    destination: 'mainland',
    country: null,
    templateType,
    segments: Math.min(each, due - index * each),
    status: 'delivered',
    at: hour.add({ milliseconds: Math.floor((HOUR_MS * index) / count) }),
  }));
}

function daysBefore(now: Temporal.Instant, count: number): Temporal.Instant {
  return now.subtract({ hours: 24 * count });
}
