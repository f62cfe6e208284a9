/**
 * No pause is longer, whoever asks for it. The platform's own bans last five minutes; what asks for longer is something on the way, and nobody
 * may be left untold for so long.
 */
export const LONGEST_PAUSE = Temporal.Duration.from({ minutes: 10 });

/**
 * Asked before each call of the API, and told when one was too fast: what keeps the calls of all processes within the platform's limits.
 * Without one, calls are made at once.
 */
export interface CallGate {
  /**
   * Resolves when the call may be made.
   *
   * @param call the method of `OpenApi` that makes it: the platform limits each API by itself
   * @param isMetered whether it counts for the month
   * @throws DingTalkError `throttled` when that would take too long
   */
  pass(call: string, isMetered: boolean): Promise<void>;
  /** The platform refused a call for being too fast, or because the month's calls are used up. */
  refused(call: string, reason: { kind: 'too_fast'; pause: Temporal.Duration } | { kind: 'used_up' }): Promise<void>;
}
