import type { NoticeTarget, Urgency } from '../store/notices.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** About half a day of trying. */
export const STUCK_ATTEMPTS = 60;
/** An answer that is an hour late answers nobody. */
const MAX_ANSWER_ATTEMPTS = 12;
/** However little the platform does for anybody: somebody has to look by then. */
const LONGEST_OUTAGE = Temporal.Duration.from({ hours: 7 * 24 });
/** When others were told things it is not the platform that fails; not only just now, when an outage may have ended after this attempt. */
const OTHERS_TOLD = { from: Temporal.Duration.from({ hours: 6 }), to: Temporal.Duration.from({ hours: 1 }) };
/** And for longer than the longest pause, so that this notice was tried meanwhile: an outage may be interrupted for a moment. */
const OTHERS_TOLD_FOR = Temporal.Duration.from({ milliseconds: 2 * LONGEST_PAUSE_MS });
/** In one of so many rounds, each of a quarter of an hour, what waits behind a notice that is stuck goes first. */
const ROUNDS = 8;

/** How long to wait before the next attempt: doubling, with jitter, so that many notices do not come back at once. */
export function pauseAfter(attempts: number, random: () => number = Math.random): Temporal.Duration {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS);
  return Temporal.Duration.from({ milliseconds: Math.ceil(longest / 2 + (longest / 2) * random()) });
}

/** What of a notice decides what becomes of it when an attempt has failed. */
export interface Tried {
  readonly target: NoticeTarget;
  readonly urgency: Urgency;
  /** This one included. */
  readonly attempts: number;
  readonly triedSince: Temporal.Instant;
}

/**
 * What becomes of a notice that could not be said and may be later:
 *
 * - `waits`: what is behind it waits with it, so that order is kept
 * - `stands_aside`: it waits, and what is behind it may be said meanwhile, in case it is not the platform that fails but the notice
 * - `is_given_up`: it is a dead letter, after half a day in which others were told things; while nobody is, after a week. An outage of a
 *   weekend loses nothing
 *
 * @param toldFor for how long others were told things between two times; null when nobody was
 */
export async function fateOf(
  notice: Tried,
  now: Temporal.Instant,
  toldFor: (from: Temporal.Instant, to: Temporal.Instant) => Promise<Temporal.Duration | null>,
): Promise<'waits' | 'stands_aside' | 'is_given_up'> {
  const { attempts, triedSince } = notice;
  if (isAnswer(notice)) return attempts >= MAX_ANSWER_ATTEMPTS ? 'is_given_up' : 'waits';
  if (attempts < STUCK_ATTEMPTS) return 'waits';
  if (Temporal.Instant.compare(triedSince.add(LONGEST_OUTAGE), now) <= 0) return 'is_given_up';
  const told = await toldFor(now.subtract(OTHERS_TOLD.from), now.subtract(OTHERS_TOLD.to));
  if (told && Temporal.Duration.compare(told, OTHERS_TOLD_FOR) >= 0) return 'is_given_up';
  return (attempts - STUCK_ATTEMPTS) % ROUNDS === 0 ? 'stands_aside' : 'waits';
}

/** Whether somebody asked and waits. The change of a card that answers a press goes on being true. */
function isAnswer({ target, urgency }: Tried): boolean {
  return urgency === 'reply' && target.type !== 'card';
}
