import type { NoticeTarget } from '../store/notices.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
/** About half a day of trying: whoever needs to know should, even after a long outage. */
const MAX_ATTEMPTS = 60;
/** An answer that is an hour late answers nobody. */
const MAX_REPLY_ATTEMPTS = 12;

/** How long to wait before the next attempt: doubling, with jitter, so that many notices do not come back at once. */
export function pauseAfter(attempts: number, random: () => number = Math.random): Temporal.Duration {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS);
  return Temporal.Duration.from({ milliseconds: Math.ceil(longest / 2 + (longest / 2) * random()) });
}

/** Whether a notice that could not be said so often becomes a dead letter. */
export function isLastAttempt(target: NoticeTarget, attempts: number): boolean {
  return attempts >= (target.type === 'reply' ? MAX_REPLY_ATTEMPTS : MAX_ATTEMPTS);
}
