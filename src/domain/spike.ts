import type { Burn } from './burn.ts';
import type { Micro } from './money.ts';
import { remember } from './remember.ts';
import type { Destination } from './usage.ts';

/** An hour that uses more than so many times what is usual is a spike, where the account says nothing else. */
export const SPIKE_FACTOR = 5n;
/** What an hour may always use, in segments: below it a small account's noise is no spike. */
const SPIKE_FLOOR: HourUse = { mainland: 500n, international: 100n };

const HOUR_MS = 3_600_000;
/** The same hour of so many past days shows what is usual. */
const PAST_DAYS = 7;
/** With fewer past days than this nothing is usual yet. */
const MIN_PAST_DAYS = 3;
const DESTINATIONS: readonly Destination[] = ['mainland', 'international'];
/** Segments that an hour used, whatever paid for them, also those that wait for a price. */
export type HourUse = Readonly<Record<Destination, bigint>>;

/** What an hour used of a destination: segments, those of them that plans covered or that wait for a price, and what the rest cost. */
export interface HourFigures {
  readonly segments: bigint;
  readonly covered: bigint;
  readonly waiting: bigint;
  readonly cost: Micro;
}

export const NO_USE: HourFigures = { segments: 0n, covered: 0n, waiting: 0n, cost: 0n };

/** Hours as they were used, by their beginning in milliseconds of the epoch; one that is missing used nothing. */
export type Hours = ReadonlyMap<number, Readonly<Record<Destination, HourFigures>>>;

export interface SpikeInput {
  readonly now: Temporal.Instant;
  readonly timeZone: string;
  /** How many times the usual is a spike. */
  readonly factor: bigint;
  readonly burn: Pick<Burn, 'perHour'>;
  readonly firstUsedAt: Temporal.Instant | null;
  readonly hours: Hours;
}

/** An hour in which a destination used far more than is usual. */
export interface Spike extends HourFigures {
  readonly destination: Destination;
  readonly hour: Temporal.Instant;
  /** What that hour of the day uses otherwise. */
  readonly usual: bigint;
}

/** What the present hours say: which destinations spike, and which are back to normal. */
export interface SpikeState {
  readonly spikes: readonly Spike[];
  readonly calm: readonly Destination[];
}

/** Above these numbers of segments in this hour, metering makes the account due for review; null is no limit. */
export interface HourWatermark {
  readonly hour: Temporal.Instant;
  readonly above: Readonly<Record<Destination, bigint | null>>;
}

/** The hours that {@link spikeState} and {@link spikeWatermarks} look at. */
export function hoursForSpikes(now: Temporal.Instant, timeZone: string): Temporal.Instant[] {
  const hours = new Set<number>();
  for (const hour of [-1, 0, 1].map((offset) => hourOf(now) + offset * HOUR_MS)) {
    hours.add(hour);
    for (const past of pastHours(hour, timeZone)) {
      for (const near of [past - HOUR_MS, past, past + HOUR_MS]) hours.add(near);
    }
  }
  return [...hours].map((hour) => Temporal.Instant.fromEpochMilliseconds(hour));
}

/** The hours of these that are judged; the others show what is usual. */
export function judgedHours(now: Temporal.Instant): Temporal.Instant[] {
  return [-1, 0].map((offset) => Temporal.Instant.fromEpochMilliseconds(hourOf(now) + offset * HOUR_MS));
}

/**
 * Hours with what they sent to countries without a price: segments by the beginning of the hour. Who floods chooses the country, so that
 * it has no price must not hide it.
 */
export function withWaiting(hours: Hours, waiting: ReadonlyMap<number, bigint>): Hours {
  const all = new Map(hours);
  for (const [hour, segments] of waiting) {
    const { mainland = NO_USE, international = NO_USE } = hours.get(hour) ?? {};
    const abroad = { ...international, segments: international.segments + segments, waiting: segments };
    all.set(hour, { mainland, international: abroad });
  }
  return all;
}

/**
 * Rule 20: a destination spikes while the running hour or the one before uses more than it may; the higher of the two is told. It is
 * calm again when both stay at or below half of that, so at the earliest a whole hour later.
 */
export function spikeState(input: SpikeInput): SpikeState {
  const spikes: Spike[] = [];
  const calm: Destination[] = [];
  for (const destination of DESTINATIONS) {
    const looks = judgedHours(input.now).map(({ epochMilliseconds: hour }) => {
      const figures = input.hours.get(hour)?.[destination] ?? NO_USE;
      return { ...figures, hour, limit: limitOf(input, hour, destination) };
    });
    const [worst] = looks
      .filter(({ segments, limit }) => limit !== null && segments > limit)
      .toSorted((a, b) => (a.segments > b.segments ? -1 : 1));
    if (worst) {
      spikes.push({
        destination,
        hour: Temporal.Instant.fromEpochMilliseconds(worst.hour),
        segments: worst.segments,
        covered: worst.covered,
        waiting: worst.waiting,
        cost: worst.cost,
        usual: usualOf(input, worst.hour, destination) ?? 0n,
      });
    }
    if (looks.every(({ segments, limit }) => limit === null || segments <= limit / 2n)) calm.push(destination);
  }
  return { spikes, calm };
}

/** What the hour before, the running and the next one may use without a review. `told` destinations spike already: nothing is awaited. */
export function spikeWatermarks(input: SpikeInput, told: ReadonlySet<string>): HourWatermark[] {
  return [-1, 0, 1]
    .map((offset) => hourOf(input.now) + offset * HOUR_MS)
    .map((hour) => {
      const above = (destination: Destination) => (told.has(destination) ? null : limitOf(input, hour, destination));
      return {
        hour: Temporal.Instant.fromEpochMilliseconds(hour),
        above: { mainland: above('mainland'), international: above('international') },
      };
    })
    .filter(({ above }) => above.mainland !== null || above.international !== null);
}

/** The beginning of the next hour, and a little more for receipts that are under way. */
export function nextSpikeLook(now: Temporal.Instant): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(hourOf(now) + HOUR_MS).add({ minutes: 5 });
}

/** The start of the hour, as usage is summed up by. */
function hourOf(at: Temporal.Instant): number {
  return Math.floor(at.epochMilliseconds / HOUR_MS) * HOUR_MS;
}

/** More than this in the hour is a spike; null where nothing is usual yet. */
function limitOf(input: SpikeInput, hour: number, destination: Destination): bigint | null {
  const usual = usualOf(input, hour, destination);
  if (usual === null) return null;
  return [SPIKE_FLOOR[destination], input.burn.perHour[destination], usual * input.factor].reduce((a, b) =>
    a > b ? a : b,
  );
}

/**
 * What an hour of the day uses: the middle of the last seven days, or what it used a week ago if that was more, so that yesterday's spike
 * does not hide today's and a weekly campaign is none. Each day counts with the busiest of the hour and its neighbours: a campaign may
 * begin a few minutes earlier. Null in an account that is too young to say.
 */
function usualOf({ firstUsedAt, hours, timeZone }: SpikeInput, hour: number, destination: Destination): bigint | null {
  if (!firstUsedAt) return null;
  const busiest = pastHours(hour, timeZone)
    .filter((past) => past >= firstUsedAt.epochMilliseconds - HOUR_MS)
    .map((past) =>
      [past - HOUR_MS, past, past + HOUR_MS]
        .map((near) => hours.get(near)?.[destination].segments ?? 0n)
        .reduce((a, b) => (a > b ? a : b)),
    );
  if (busiest.length < MIN_PAST_DAYS) return null;
  const middle = busiest.toSorted((a, b) => (a < b ? -1 : 1))[Math.floor((busiest.length - 1) / 2)] ?? 0n;
  const weekAgo = busiest[PAST_DAYS - 1] ?? 0n;
  return weekAgo > middle ? weekAgo : middle;
}

/** The same hour of the account's clock on past days, the last one first. */
const pastHours = remember(
  (hour: number, timeZone: string) => `${hour} ${timeZone}`,
  (hour, timeZone): readonly number[] => {
    const local = Temporal.Instant.fromEpochMilliseconds(hour).toZonedDateTimeISO(timeZone);
    return Array.from({ length: PAST_DAYS }, (_, index) => hourOf(local.subtract({ days: index + 1 }).toInstant()));
  },
);
