import type { NoticeTarget } from '../store/notices.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** About half a day of trying. */
const MAX_ATTEMPTS = 60;
/** An answer that is an hour late answers nobody. */
const MAX_REPLY_ATTEMPTS = 12;
/** However little the platform does for anybody: what waits behind the notice may be sayable. */
const LONGEST_OUTAGE = Temporal.Duration.from({ hours: 7 * 24 });
/** When others were said, it is not the platform that fails; not only just now, when an outage may have ended after this attempt. */
const OTHERS_SAID = { from: Temporal.Duration.from({ hours: 6 }), to: Temporal.Duration.from({ hours: 1 }) };

/** How long to wait before the next attempt: doubling, with jitter, so that many notices do not come back at once. */
export function pauseAfter(attempts: number, random: () => number = Math.random): Temporal.Duration {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS);
  return Temporal.Duration.from({ milliseconds: Math.ceil(longest / 2 + (longest / 2) * random()) });
}

/**
 * Whether a notice that could not be said becomes a dead letter: after half a day in which others were said; while the platform says nothing
 * to anybody, after a week. An outage of a weekend loses nothing.
 *
 * @param isAnyoneReached whether something was said between two times
 */
export async function isGivenUp(
  notice: { readonly target: NoticeTarget; readonly attempts: number; readonly queuedAt: Temporal.Instant },
  now: Temporal.Instant,
  isAnyoneReached: (from: Temporal.Instant, to: Temporal.Instant) => Promise<boolean>,
): Promise<boolean> {
  const { target, attempts, queuedAt } = notice;
  if (target.type === 'reply') return attempts >= MAX_REPLY_ATTEMPTS;
  if (attempts < MAX_ATTEMPTS) return false;
  if (Temporal.Instant.compare(queuedAt.add(LONGEST_OUTAGE), now) <= 0) return true;
  return isAnyoneReached(now.subtract(OTHERS_SAID.from), now.subtract(OTHERS_SAID.to));
}
