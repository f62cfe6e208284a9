import { type AlertInput, decideAlerts } from '../domain/alert.ts';
import { burnOf, burnWindow, NOTHING_USED } from '../domain/burn.ts';
import { dueSteps, nextStepAt } from '../domain/episode.ts';
import { usePeriodOf } from '../domain/limit.ts';
import { addMonths } from '../domain/month.ts';
import type { Offer } from '../domain/offer.ts';
import { quotaOf } from '../domain/plan.ts';
import { tierVolumesOf } from '../domain/prices.ts';
import { decideRenewal } from '../domain/renewal.ts';
import { forfeitedAt, type NextReview, nextReview } from '../domain/review.ts';
import { sendingMark, sendingStateOf } from '../domain/sending-state.ts';
import { hoursForSpikes } from '../domain/spike.ts';
import { availableOf } from '../domain/standing.ts';
import { type Tariff, tariffAt } from '../domain/tariff.ts';
import type { Account } from '../store/accounts.ts';
import { readOffers } from '../store/plans.ts';
import {
  keepPatterns,
  lockDueAccounts,
  readPeriodUses,
  readStates,
  readUsageStates,
  scheduleReviews,
  type UsageStates,
} from '../store/review-batch.ts';
import type { Tx } from '../store/schema.ts';
import { readTariffs } from '../store/tariffs.ts';
import { billWaitOf } from './bills.ts';
import type { ServiceContext } from './context.ts';
import { ruleOf } from './episodes.ts';
import { forecastOf } from './forecast.ts';
import { isSaleEnding } from './offer-end.ts';

/** Accounts that were looked at together. */
export interface QuietReviews {
  /** Of how many there was nothing to tell or to do. */
  readonly quiet: number;
  /** Those that a review of their own has to look at; they are still due. */
  readonly others: readonly string[];
}

/**
 * Looks at several accounts that are due in one transaction, reading all of them by one statement for each table, because most looks find
 * that nothing has changed. Of such an account only its next look is set; it decides by the same rules as `reviewAccount`, which looks at
 * every other one: it errs only on the side of handing an account over. Locks are taken without waiting, and held for the length of some reads.
 */
export async function reviewQuiet(
  context: ServiceContext,
  tx: Tx,
  which: { readonly limit: number; readonly except: readonly string[] },
): Promise<QuietReviews> {
  const accounts = await lockDueAccounts(tx, context.clock.now(), which);
  if (accounts.length === 0) return { quiet: 0, others: [] };
  // Not before the locks: what was done while they were taken came before.
  const now = context.clock.now();
  const looks = await readLooks(tx, accounts, now);
  const next: { accountId: string; review: NextReview }[] = [];
  const others: string[] = [];
  for (const account of accounts) {
    const review = quietlyNextOf(looks, account, now, billWaitOf(context));
    if (review) next.push({ accountId: account.id, review });
    else others.push(account.id);
  }
  await scheduleReviews(tx, next);
  return { quiet: next.length, others };
}

type Looks = Awaited<ReturnType<typeof readLooks>>;

async function readLooks(tx: Tx, accounts: readonly Account[], now: Temporal.Instant) {
  const ids = accounts.map(({ id }) => id);
  const zones = [...new Set(accounts.map(({ timeZone }) => timeZone))];
  const tariffIds = [...new Set(accounts.map(({ tariffId }) => tariffId))];
  const [states, offers, tariffs, usage] = await Promise.all([
    readStates(tx, ids),
    readOffers(tx),
    Promise.all(tariffIds.map(async (id) => [id, await readTariffs(tx, id)] as const)),
    Promise.all(
      zones.map(async (zone) => {
        const inZone = accounts.filter(({ timeZone }) => timeZone === zone).map(({ id }) => id);
        const { since, midnights } = burnWindow(now, zone);
        const [month, hours] = [usePeriodOf('month', now, zone), hoursForSpikes(now, zone)];
        const window = { midnight: midnights.at(-1) ?? now, since, now, month, hours };
        const usage = await readUsageStates(tx, inZone, window);
        // Once a day for each account that has ever used anything.
        const unkept = [...usage.used].filter((id) => !usage.patterns.has(id));
        const patterns = new Map([...usage.patterns, ...(await keepPatterns(tx, unkept, midnights))]);
        return [zone, { ...usage, patterns }] as const;
      }),
    ),
  ]);
  const capped = [...states.limits.keys()];
  const periods = new Set(zones.flatMap((zone) => periodsOf(now, zone)));
  return {
    states,
    offers: new Map<string, Offer>(offers.map((offer) => [offer.id, offer])),
    tariffs: new Map<string, readonly Tariff[]>(tariffs),
    usage: new Map<string, UsageStates>(usage),
    uses: await readPeriodUses(tx, capped, [...periods]),
  };
}

/** Those that count against caps now, and tomorrow's, which a gateway whose clock is ahead may have reported. */
function periodsOf(now: Temporal.Instant, timeZone: string): string[] {
  const [day, month] = [usePeriodOf('day', now, timeZone), usePeriodOf('month', now, timeZone)];
  return [day, Temporal.PlainDate.from(day).add({ days: 1 }).toString(), month, addMonths(month, 1)];
}

/** An account that cannot be decided on keeps no other from its look; its own review says why. */
function quietlyNextOf(
  looks: Looks,
  account: Account,
  now: Temporal.Instant,
  wait: Temporal.Duration,
): NextReview | undefined {
  try {
    return nextOf(looks, account, now, wait);
  } catch {
    return undefined;
  }
}

/** The next look at an account with which nothing is to be done now; undefined for one with which something may be. */
function nextOf(
  looks: Looks,
  account: Account,
  now: Temporal.Instant,
  wait: Temporal.Duration,
): NextReview | undefined {
  const { states, offers } = looks;
  const { id, timeZone } = account;
  if (states.busy.has(id)) return undefined;
  const plans = states.plans.get(id) ?? [];
  const forfeits = plans.map((plan) => forfeitedAt(plan, wait));
  if (forfeits.some((at) => Temporal.Instant.compare(at, now) <= 0)) return undefined;
  const input = inputOf(looks, account, now);
  if (!input || decideAlerts(input).length > 0) return undefined;

  const policy = states.policyOf(id);
  const chosen = offers.get(policy.offerId ?? '')?.stateAt(now) ?? NO_OFFER;
  if (isSaleEnding({ ...chosen, policy })) return undefined;
  const renewal = decideRenewal({
    ...{ now, timeZone, plans, policy, open: null, lastFundedAt: account.lastFundedAt, approved: false },
    ...chosen,
    // What was bought before matters to guards alone, which are asked when something is to be bought.
    history: { purchasesToday: 0, purchasesThisMonth: 0, spentThisMonth: 0n },
    available: availableOf(account.money),
  });
  if (renewal.type !== 'none') return undefined;

  const isCapped = input.caps.limits.some(({ reached }) => reached !== null);
  const facts = { money: account.money, isPaused: account.pause !== null, isCapped };
  if (sendingMark(sendingStateOf(facts, quotaOf(plans, now), now)) !== account.sendingTold) return undefined;

  const rule = ruleOf(states.settingsOf(id));
  const episodes = states.episodes.get(id) ?? [];
  if (episodes.some((episode) => dueSteps(episode, rule, now).length > 0)) return undefined;
  return nextReview(input, null, [...forfeits, ...episodes.flatMap((episode) => nextStepAt(episode, rule) ?? [])]);
}

/** What the alerts of an account are decided from; undefined where something of it could not be read. */
function inputOf(looks: Looks, account: Account, now: Temporal.Instant): AlertInput | undefined {
  const { states, usage, tariffs, uses } = looks;
  const { id, timeZone } = account;
  const of = usage.get(timeZone);
  const prices = tariffs.get(account.tariffId) ?? [];
  if (!of) return undefined;
  const pattern = of.patterns.get(id) ?? NEVER_USED;
  const { firstUsedAt } = pattern;
  const history = { ...pattern, lastDays: of.sums.get(id) ?? NOTHING_USED };
  const burn = burnOf(history, now, timeZone);
  const volumes = of.volumes.get(id) ?? [];
  const tiers = { tariff: tariffAt(prices, now), volumes, tierVolumes: tierVolumesOf(volumes, prices) };
  const plans = states.plans.get(id) ?? [];
  const settings = states.settingsOf(id);
  return {
    now,
    money: account.money,
    lastFundedAt: account.lastFundedAt,
    plans,
    hadPlans: states.hadPlans.has(id),
    threshold: states.policyOf(id).threshold,
    alertShare: settings.alertShare,
    balanceAlert: settings.balanceAlert,
    forecast: forecastOf(account, plans, { now, midnight: now, isKept: true, history, burn, ...tiers }),
    spike: {
      ...{ now, timeZone, burn, firstUsedAt, factor: BigInt(settings.spikeFactor) },
      hours: of.hours.get(id) ?? new Map(),
    },
    caps: { limits: states.limits.get(id) ?? [], present: { now, timeZone, uses: uses.get(id) ?? [] } },
    renewal: null,
    open: states.episodes.get(id) ?? [],
  };
}

const NO_OFFER = { offer: null, isSold: false, next: null, end: null } as const;
const NEVER_USED = { byWeekday: Array.from({ length: 7 }, () => NOTHING_USED), firstUsedAt: null } as const;
