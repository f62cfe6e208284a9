import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Chart } from '../charts/chart.ts';
import { currentTrace } from '../trace.ts';
import type { Executor, Tx } from './schema.ts';

/** The owner of notices that answer a conversation which no account owns. */
export const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000';

/** A button and the command that it stands for; pressing it is saying the command. (rule 18) */
export interface NoticeButton {
  readonly id: string;
  readonly label: string;
  readonly style: 'primary' | 'danger' | 'plain';
  readonly command: string;
}

/** All that is said, as it was when it was decided. (rule 22) */
export interface NoticeContent {
  /** What a push notification and the conversation list show. */
  readonly title: string;
  readonly markdown: string;
  readonly buttons: readonly NoticeButton[];
  /** Said in the place of buttons where there can be none: the commands to type. */
  readonly hint: string;
  readonly mentions: readonly { readonly userId: string; readonly name: string }[];
  /** Shown below the text, where a form can show them. Default: none. */
  readonly pictures?: readonly NoticePicture[];
}

/** A picture as what it shows: it is drawn when the notice is delivered. */
export interface NoticePicture {
  /** Said in its place where it cannot be shown. */
  readonly alt: string;
  readonly chart: Chart;
}

/** Where a notice goes, and where it goes when that fails. */
export type NoticeTarget =
  | {
      readonly type: 'group';
      readonly conversationId: string;
      /** Told directly when the group cannot be reached. */
      readonly directTo: readonly string[];
    }
  | { readonly type: 'direct'; readonly userId: string }
  | {
      readonly type: 'reply';
      readonly conversationKind: 'group' | 'direct';
      readonly conversationId: string;
      /** Who asked; null for someone without a staff id. */
      readonly userId: string | null;
      /** A secret; taken away when it has expired or the notice is finished. */
      readonly webhook?: string;
      readonly webhookExpiresAt: string;
    }
  /** Changes a card that was shown before; said anew in its conversation where that fails. */
  | {
      readonly type: 'card';
      readonly conversationId: string;
      /** Whose direct conversation it is; left out for a group. */
      readonly userId?: string;
      /** An answer in the same conversation says the same, so that it is not said anew. Default: false. */
      readonly isSaidBeside?: boolean;
    }
  /** The operator: their group, else these people directly; the log where nothing is configured or nothing works. */
  | { readonly type: 'operator'; readonly conversationId: string | null; readonly staffIds: readonly string[] };

/**
 * What is said first when there is much to say, and what waits when the month's calls run out: somebody waits for a `reply`, something is
 * lost without a `critical` one, and a `routine` one can wait. (rule 23)
 */
export type Urgency = 'reply' | 'critical' | 'routine';

export interface NewNotice {
  readonly accountId: string;
  /** The same key again is the same notice. */
  readonly key: string;
  /** Why it is told: the kind of announcement, or `reply`. */
  readonly reason: string;
  /** Notices of one recipient are delivered in the order in which they were queued. */
  readonly recipient: string;
  readonly target: NoticeTarget;
  readonly content: NoticeContent;
  readonly outTrackId: string | null;
  /** Default: `reply` for a reply, else `critical`. */
  readonly urgency?: Urgency;
  /**
   * Whether it may be said in one message with others that wait for the same recipient (rule 23). Only for a card that nothing changes
   * later, and that answers nobody. Default: false.
   */
  readonly merges?: boolean;
  /** It is not tried before this, and holds nobody up who waits behind it. Default: it is tried at once. (rule 21) */
  readonly heldUntil?: Temporal.Instant | null;
  /** Leads from the frame that caused it to its delivery. Default: that of what is at work. */
  readonly trace?: string | null;
}

let ordinal = 0n;

/** Orders notices that this process queues in the same instant. */
function nextOrdinal(): bigint {
  ordinal += 1n;
  return ordinal;
}

/** Queues a notice; false when its key is there already. */
export async function insertNotice(tx: Tx, notice: NewNotice, now: Temporal.Instant): Promise<boolean> {
  const inserted = await tx
    .insertInto('notices')
    .values({
      account_id: notice.accountId,
      notice_id: randomUUID(),
      key: notice.key,
      reason: notice.reason,
      recipient: notice.recipient,
      target: JSON.stringify(notice.target),
      content: JSON.stringify(notice.content),
      out_track_id: notice.outTrackId,
      state: 'waiting',
      urgency: notice.urgency ?? (notice.target.type === 'reply' ? 'reply' : 'critical'),
      merges: notice.merges ?? false,
      trace: notice.trace ?? currentTrace() ?? null,
      next_attempt_at: notice.heldUntil ?? now,
      held_until: notice.heldUntil ?? null,
      // Behind what waits for the same recipient, also where another process has queued that: their clocks may differ by two seconds.
      queued_at: sql<Temporal.Instant>`greatest(${now}::timestamptz, (
        select max(queued_at) + interval '1 microsecond' from notices
        where recipient = ${notice.recipient} and state = 'waiting'
          and queued_at > ${now} and queued_at <= ${now}::timestamptz + interval '2 seconds'))`,
      ordinal: nextOrdinal(),
    })
    .onConflict((oc) => oc.columns(['account_id', 'key']).doNothing())
    .returning('notice_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Holds back no longer than until a moment what of an account was to be told later and was never tried. */
export async function releaseHeld(tx: Tx, accountId: string, until: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('notices')
    .set({ held_until: until, next_attempt_at: until })
    .where('account_id', '=', accountId)
    .where('state', '=', 'waiting')
    .where('held_until', '>', until)
    // What was tried and failed stands aside for a while, which is another matter.
    .where('attempts', '=', 0)
    .execute();
}

/** Whether anything of an account was queued under a key that begins so. */
export async function isQueued(db: Executor, accountId: string, beginning: string): Promise<boolean> {
  const found = await db
    .selectFrom('notices')
    .select('notice_id')
    .where('account_id', '=', accountId)
    .where(sql<boolean>`starts_with(key, ${beginning})`)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** How many notices wait, were delivered, or are dead letters; of all accounts and of none. */
export async function countNotices(db: Executor): Promise<Record<'waiting' | 'delivered' | 'dead', number>> {
  const rows = await db
    .selectFrom('notices')
    .select(['state', sql<bigint>`count(*)`.as('count')])
    .where('state', '<>', 'dropped')
    .groupBy('state')
    .execute();
  const counts = { waiting: 0, delivered: 0, dead: 0 };
  for (const { state, count } of rows) if (state !== 'dropped') counts[state] = Number(count);
  return counts;
}

/** What waits and what nobody got, as a monitor asks for it. */
export interface NoticeBacklog {
  readonly urgency: Urgency;
  readonly waiting: number;
  /** Since when the oldest of them could have been said: what is held back until a time waits from then on. Null when none could. */
  readonly oldest: Temporal.Instant | null;
}

/** What waits, by its urgency; `dead` letters of all. Costs no more than there is of both. */
export async function readBacklog(
  db: Executor,
  now: Temporal.Instant,
): Promise<{ waiting: NoticeBacklog[]; dead: number }> {
  // What stands aside because it fails has waited since it was first tried.
  const due = sql`coalesce(tried_since, greatest(queued_at, held_until))`;
  const [waiting, dead] = await Promise.all([
    db
      .selectFrom('notices')
      .select([
        'urgency',
        sql<bigint>`count(*)`.as('waiting'),
        sql<Temporal.Instant | null>`min(${due}) filter (where ${due} <= ${now})`.as('oldest'),
      ])
      .where('state', '=', 'waiting')
      .groupBy('urgency')
      .execute(),
    db.selectFrom('notices').select(sql<bigint>`count(*)`.as('count')).where('state', '=', 'dead').executeTakeFirst(),
  ]);
  return {
    waiting: waiting.map((row) => ({ urgency: row.urgency, waiting: Number(row.waiting), oldest: row.oldest })),
    dead: Number(dead?.count ?? 0n),
  };
}
