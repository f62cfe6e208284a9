import type { Clock } from '../clock.ts';
import type { Announcement } from '../domain/announcement.ts';
import type { ApprovalAction } from '../domain/approval.ts';
import type { OperatorAlert } from '../domain/operator-alert.ts';
import type { Administrator, Language } from '../store/groups.ts';
import type { NoticeContent } from '../store/notices.ts';
import type { PastIds } from './past-ids.ts';

/** For whom an announcement is put into words. */
export interface Audience {
  readonly language: Language;
  readonly accountName: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly administrators: readonly Administrator[];
  /** Of when the figures are. */
  readonly at: Temporal.Instant;
}

/** Puts an announcement into words and buttons. */
export type Compose = (announcement: Announcement, audience: Audience) => NoticeContent;

/** What caused a use case to be carried out, for the audit. */
export type Source =
  | {
      readonly via: 'chat';
      readonly corpId: string;
      readonly conversationId: string;
      /** Of the message, or `click/` and the id of the push of a click. */
      readonly messageId: string;
      /** Whether the answer goes to one person alone, though it is for a group that they speak. */
      readonly isDirect: boolean;
      /** The card whose button was pressed: where what it is about changes, it changes too, and is the answer. Null for what was typed. */
      readonly pressed: { readonly subject: string | null } | null;
    }
  | { readonly via: 'cli' };

/** Whoever runs the service, and where they are told what only they can mend. */
export interface Operator {
  /** The open conversation id of their group; null where there is none. */
  readonly conversationId: string | null;
  /** Told directly where the group is not there or cannot be reached. */
  readonly staffIds: readonly string[];
  readonly compose: (alert: OperatorAlert, at: Temporal.Instant) => NoticeContent;
}

/** What every use case needs beside its transaction. */
export interface ServiceContext {
  readonly clock: Clock;
  readonly compose: Compose;
  /** Says what a request is about, in a few words. Left out where nobody reads it. */
  readonly summarize?: (action: ApprovalAction, audience: Audience) => string;
  /** Left out where the service acts by itself. */
  readonly source?: Source;
  /** Left out where nobody is to be told, as in a test. */
  readonly operator?: Operator;
  /** How long after a month's end its bill waits for late records. Default: `BILL_WAIT_HOURS`. (rule 10) */
  readonly billWait?: Temporal.Duration;
  /** Where ids can have been recorded. Left out: in every month. */
  readonly pastIds?: PastIds;
}
