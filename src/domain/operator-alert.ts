import type { AlertName } from './alert-levels.ts';

/**
 * What is told to whoever runs the service, and not to an account's administrators, because only they can mend it. The kinds are also the
 * codes under which it stands in the log.
 */
export type OperatorAlert =
  /** Usage of an account has no price for its country and is not billed. (rule 5) */
  | {
      readonly kind: 'usage_unpriced';
      readonly accountName: string;
      readonly country: string;
      readonly records: number;
    }
  /** Stored figures of an account do not follow from their entries. (rule 8) */
  | {
      readonly kind: 'books_differ';
      readonly accountName: string;
      readonly differences: number;
      /** What differs, as the reconciliation names it; the first few. */
      readonly figures: readonly string[];
    }
  /** A critical alert that nobody of an account has answered, though its second contact was told, where it has one. (rule 21) */
  | {
      readonly kind: 'alert_unanswered';
      readonly accountName: string;
      readonly alert: AlertName;
      /** Since when an answer is awaited. */
      readonly since: Temporal.Instant;
      /**
       * Who was told besides the administrators; null for an account without a second contact, empty where there is one who could not be told,
       * because the account has no group.
       */
      readonly secondContact: string | null;
    }
  /** Notices that could not be said in half a day and wait on. (rule 22) */
  | { readonly kind: 'notices_stuck'; readonly count: number; readonly lastError: string }
  /** Notices that nobody got, since the day began. (rule 22) */
  | { readonly kind: 'notices_dead'; readonly count: number; readonly lastError: string }
  /** A gateway did not get a change of an account's sending state. */
  | {
      readonly kind: 'webhook_dead';
      readonly accountName: string;
      readonly host: string;
      readonly lastError: string;
    }
  /** The month's calls of DingTalk run out, or it gives no more. (rule 23) */
  | { readonly kind: 'calls_running_out'; readonly used: number; readonly limit: number }
  | { readonly kind: 'calls_used_up'; readonly used: number; readonly limit: number }
  /** The platform gives no connection, or pushes without their text. */
  | { readonly kind: 'credentials_refused' }
  | { readonly kind: 'gateway_refused' }
  | { readonly kind: 'quota_exhausted' };
