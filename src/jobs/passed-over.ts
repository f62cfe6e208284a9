import { codeOf } from '../store/connection.ts';

/**
 * Metering holds a busy account nearly all the time, so whoever only looks whether it is free may not get it for minutes. One that has been
 * due for so long is waited for: metering lets in who waits.
 */
export const PASSED_OVER_AFTER = Temporal.Duration.from({ seconds: 2 });

/** How long its lock is waited for, before somebody else has their turn. */
export const LOCK_WAIT_MS = 2_000;

/** Whether a piece of work failed because the lock that it waited for is still held: it stays due, and nothing is wrong. */
export function isStillHeld(error: unknown, waitMs: number): boolean {
  return waitMs > 0 && codeOf(error) === '55P03';
}
