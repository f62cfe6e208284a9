import type { RenewalState } from './renewal.ts';

/**
 * What may follow on a state of an episode that has not ended; null is before its first step. An episode only goes forward: `paid` is its
 * end, and whatever has ended stays as it is. `stopped` and `failed` are tried again as long as the episode lasts. (rules 12 to 14)
 */
const NEXT: Readonly<Record<RenewalState | 'new', readonly RenewalState[]>> = {
  // Below the amount that needs an approval it is bought, or fails, at once.
  new: ['requested', 'paid', 'failed', 'stopped'],
  requested: ['approved', 'stopped'],
  // Everything is looked at again when it is carried out.
  approved: ['paid', 'failed', 'stopped'],
  failed: ['requested', 'paid', 'failed', 'stopped'],
  stopped: ['requested', 'paid', 'failed', 'stopped'],
  paid: [],
};

/** Whether an episode that is in a state may go on to another. */
export function mayFollow(state: RenewalState | null, next: RenewalState): boolean {
  return NEXT[state ?? 'new'].includes(next);
}
