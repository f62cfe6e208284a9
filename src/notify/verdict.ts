import { DingTalkError } from '../dingtalk/errors.ts';

/**
 * What is done about a failure. A refused token is no case of its own: `OpenApi` has fetched another one and tried again by then.
 *
 * - `again`: it passes by itself; the same form is tried again later
 * - `shorten`: the same form, with less in it
 * - `person`: somebody has to act at the platform; the next form now, this one again later
 * - `never`: this form cannot work for this notice; the next one. Without a next one it is a dead letter
 */
export type Verdict = 'again' | 'shorten' | 'person' | 'never';

/** An unknown outcome is tried again, too: a duplicate beats a miss, and a card's id makes a repeat harmless. */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof DingTalkError)) return 'never';
  switch (error.kind) {
    case 'retry':
    case 'throttled':
    case 'token':
    case 'unknown_outcome':
      return 'again';
    case 'too_large':
      return 'shorten';
    case 'not_allowed':
      // What the platform refuses may be granted; what this program refuses itself stays refused.
      return error.code.startsWith('local.') ? 'never' : 'person';
    case 'gone':
    case 'rejected':
      return 'never';
  }
}
