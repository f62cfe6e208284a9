import { type Burn, type DayBurn, PART, segmentsPerDay } from './burn.ts';
import type { Micro } from './money.ts';
import { activePlans, consumptionOrder, type Plan } from './plan.ts';
import { type Tariff, tierIndex } from './tariff.ts';
import { TEMPLATE_TYPES, type TemplateType } from './usage.ts';

export interface Forecast {
  /** Mainland segments of an average day. */
  readonly segmentsPerDay: bigint;
  /** Days until the plans cover no more, by use or because they expire; null when nothing is used. */
  readonly quotaDays: number | null;
  /** When that is; null when nothing is used, there is no quota, or it lasts longer than is looked ahead. */
  readonly quotaEndsAt: Temporal.Instant | null;
  /** Whether the plans end because they are used up, or because they expire. */
  readonly quotaEndsBy: 'use' | 'expiry' | null;
  /** What pay-as-you-go would cost on an average day with no quota left. */
  readonly paygPerDay: Micro;
  /** Days until available reaches zero, the quota used first; null when nothing is spent. */
  readonly runwayDays: number | null;
  /** When that is; null when nothing is spent, or it lasts longer than is looked ahead. */
  readonly overdueAt: Temporal.Instant | null;
  /** How days were told apart. */
  readonly basis: Burn['basis'];
}

/** How far is looked ahead, in days; what lasts longer lasts at least so long. */
export const HORIZON_DAYS = 366;

export interface ForecastInput {
  readonly now: Temporal.Instant;
  /** The account's; its days are projected. */
  readonly timeZone: string;
  readonly burn: Burn;
  readonly plans: readonly Plan[];
  readonly available: Micro;
  readonly tariff: Tariff;
  /** This month's segments that count towards the tier, by template type. */
  readonly tierVolumes: Readonly<Record<TemplateType, bigint>>;
}

/** Projects the burn forward, day by day; each costs the price of the next segment. Days are rounded down to tenths. (rule 20) */
export function forecast(input: ForecastInput): Forecast {
  const { burn } = input;
  const prices = nextPrices(input);
  const perDay = segmentsPerDay(burn);
  const paygPerDay = mainlandCost(burn.average, prices) + burn.average.internationalCost;
  const { quotaEnd, quotaEndsBy, moneyEnd } = project(input, HORIZON_DAYS, { stopAtEnd: true });
  const hasQuota = activePlans(input.plans, input.now).length > 0;
  return {
    segmentsPerDay: perDay,
    quotaDays: perDay === 0n ? null : hasQuota ? daysUntil(quotaEnd, input) : 0,
    quotaEndsAt: perDay === 0n || !hasQuota || !quotaEnd ? null : instantOf(quotaEnd, input),
    quotaEndsBy: perDay === 0n || !hasQuota ? null : quotaEndsBy,
    paygPerDay,
    runwayDays: paygPerDay === 0n ? null : input.available < 0n ? 0 : daysUntil(moneyEnd, input),
    overdueAt: paygPerDay === 0n || input.available < 0n || !moneyEnd ? null : instantOf(moneyEnd, input),
    basis: burn.basis,
  };
}

/** What the quota is expected to be at the end of today and of each day after it. */
export function quotaByDay(input: ForecastInput, days: number): readonly bigint[] {
  return project(input, days, { stopAtEnd: false }).quotaAtDayEnd;
}

/** A moment as a day of the account's calendar, counted from today, and the part of it that has passed, in millionths. */
interface Moment {
  readonly day: number;
  readonly part: bigint;
}

const WHOLE_DAY = 1_000_000n;

/** A day, or what is left of it, or the part of it between two expiries: no plan expires within it. It may have no length. */
interface Piece {
  readonly day: number;
  readonly from: bigint;
  readonly to: bigint;
}

interface Left {
  /** In thousandths of a segment. */
  amount: bigint;
  readonly expires: Moment;
}

interface Projection {
  /** When the plans cover no more; null when they last. */
  readonly quotaEnd: Moment | null;
  readonly quotaEndsBy: 'use' | 'expiry' | null;
  /** When available reaches zero; null when it lasts. */
  readonly moneyEnd: Moment | null;
  /** Empty where only the ends were asked for. */
  readonly quotaAtDayEnd: readonly bigint[];
}

/**
 * In each piece the plans that have not expired cover what they can, the one that expires first in front (rule 3); the rest of it, and
 * all that is international, costs money.
 */
function project(input: ForecastInput, horizon: number, { stopAtEnd }: { stopAtEnd: boolean }): Projection {
  const { now, timeZone, burn } = input;
  const start = momentOf(now, now, timeZone);
  const plans = activePlans(input.plans, now)
    .toSorted(consumptionOrder)
    .map((plan): Left => ({ amount: plan.remaining * PART, expires: momentOf(plan.expiresAt, now, timeZone) }));
  const prices = nextPrices(input);
  const days = burn.days.map((day) => ({ ...day, need: needOf(day), mainlandCost: mainlandCost(day, prices) }));
  let { available } = input;
  let quotaEnd: Moment | null = null;
  let quotaEndsBy: Projection['quotaEndsBy'] = null;
  let moneyEnd: Moment | null = null;
  const quotaAtDayEnd: bigint[] = [];

  for (const piece of piecesOf(start, plans, horizon)) {
    const day = days[piece.day % 7];
    if (!day) break;
    const length = piece.to - piece.from;
    const need = length === WHOLE_DAY ? day.need : (day.need * length) / WHOLE_DAY;
    const uncovered = use(plans, need);
    const middle = need === 0n ? piece.to : piece.from + (length * (need - uncovered)) / need;
    if (uncovered > 0n && !quotaEnd) {
      quotaEnd = { day: piece.day, part: middle };
      quotaEndsBy = 'use';
    }
    if (expire(plans, piece) && !quotaEnd) {
      quotaEnd = { day: piece.day, part: piece.to };
      quotaEndsBy = 'expiry';
    }
    if (piece.to === WHOLE_DAY && !stopAtEnd) {
      quotaAtDayEnd.push(plans.reduce((sum, { amount }) => sum + amount, 0n) / PART);
    }
    // What costs nothing moves no money: most days of most accounts.
    if (uncovered === 0n && day.internationalCost === 0n) continue;
    const mainland = need === 0n ? 0n : (((day.mainlandCost * length) / WHOLE_DAY) * uncovered) / need;
    for (const [from, to, extra] of [
      [piece.from, middle, 0n],
      [middle, piece.to, mainland],
    ] as const) {
      const cost = (day.internationalCost * (to - from)) / WHOLE_DAY + extra;
      const left = available > 0n ? available : 0n;
      if (left < cost) moneyEnd ??= { day: piece.day, part: from + ((to - from) * left) / cost };
      available -= cost;
    }
    if (stopAtEnd && quotaEnd && moneyEnd) break;
  }
  return { quotaEnd, quotaEndsBy, moneyEnd, quotaAtDayEnd };
}

/** From the start on; a plan that expires at midnight ends a piece without length, which begins its day. */
function* piecesOf(start: Moment, plans: readonly Left[], horizon: number): Generator<Piece> {
  for (let day = 0; day < horizon; day++) {
    let from = day === 0 ? start.part : 0n;
    if (!plans.some(({ expires }) => expires.day === day)) {
      yield { day, from, to: WHOLE_DAY };
      continue;
    }
    const cuts = plans.filter(({ expires }) => expires.day === day).map(({ expires }) => expires.part);
    for (const to of [...cuts.toSorted((a, b) => (a < b ? -1 : 1)), WHOLE_DAY]) {
      yield { day, from, to };
      from = to;
    }
  }
}

/** Takes from the plans, which last through the piece or are empty; returns what they do not cover. */
function use(plans: readonly Left[], need: bigint): bigint {
  let uncovered = need;
  for (const plan of plans) {
    const taken = plan.amount < uncovered ? plan.amount : uncovered;
    plan.amount -= taken;
    uncovered -= taken;
  }
  return uncovered;
}

/** Forfeits what expires with the piece; true when that was the last of the quota. */
function expire(plans: readonly Left[], piece: Piece): boolean {
  let forfeited = 0n;
  for (const plan of plans) {
    if (plan.expires.day !== piece.day || plan.expires.part !== piece.to) continue;
    forfeited += plan.amount;
    plan.amount = 0n;
  }
  return forfeited > 0n && plans.every(({ amount }) => amount === 0n);
}

/** What the next segment of each template type costs without a plan. */
function nextPrices({ tariff, tierVolumes }: ForecastInput): Record<TemplateType, Micro> {
  const next = (type: TemplateType) => {
    const tiers = tariff.mainland[type];
    return tiers[tierIndex(tiers, tierVolumes[type] + 1n)]?.price ?? 0n;
  };
  return { verification: next('verification'), notification: next('notification'), promotion: next('promotion') };
}

function needOf(day: DayBurn): bigint {
  return TEMPLATE_TYPES.reduce((sum, type) => sum + day.mainland[type], 0n);
}

function mainlandCost(day: DayBurn, prices: Readonly<Record<TemplateType, Micro>>): Micro {
  return TEMPLATE_TYPES.reduce((sum, type) => sum + day.mainland[type] * prices[type], 0n) / PART;
}

function momentOf(at: Temporal.Instant, now: Temporal.Instant, timeZone: string): Moment {
  const date = at.toZonedDateTimeISO(timeZone).toPlainDate();
  const today = now.toZonedDateTimeISO(timeZone).toPlainDate();
  const { begin, length } = spanOf(date, timeZone);
  return {
    day: today.until(date, { largestUnit: 'days' }).days,
    part: (BigInt(at.epochMilliseconds - begin.epochMilliseconds) * WHOLE_DAY) / BigInt(length),
  };
}

function instantOf({ day, part }: Moment, { now, timeZone }: ForecastInput): Temporal.Instant {
  const date = now.toZonedDateTimeISO(timeZone).toPlainDate().add({ days: day });
  const { begin, length } = spanOf(date, timeZone);
  return begin.add({ milliseconds: Number((BigInt(length) * part) / WHOLE_DAY) });
}

/** A day from its first moment on, in milliseconds. Where clocks skip its midnight that is one o'clock, but the next day's is midnight. */
function spanOf(date: Temporal.PlainDate, timeZone: string): { begin: Temporal.Instant; length: number } {
  const begin = date.toZonedDateTime(timeZone).toInstant();
  const end = date.add({ days: 1 }).toZonedDateTime(timeZone);
  return { begin, length: end.epochMilliseconds - begin.epochMilliseconds };
}

/** Calendar days, so that a day of 23 hours is one too; rounded down to tenths, but not because of a division's last digit. */
function daysUntil(moment: Moment | null, { now, timeZone }: ForecastInput): number {
  if (!moment) return HORIZON_DAYS;
  const passed = BigInt(moment.day) * WHOLE_DAY + moment.part - momentOf(now, now, timeZone).part;
  return Number(((passed + DIVISION_LOSS) * 10n) / WHOLE_DAY) / 10;
}

/** Some seconds: more than dividing loses on the way. */
const DIVISION_LOSS = 50n;
