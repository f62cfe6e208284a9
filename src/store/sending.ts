import { sql } from 'kysely';
import type { SendingFacts } from '../domain/standing.ts';
import type { Executor, Tx } from './schema.ts';

/** What decides whether an account may send, and what goes with the answer, all of one moment. */
export interface StoredSending {
  readonly facts: SendingFacts;
  /** What its active plans have left, in segments. */
  readonly quota: bigint;
  /** The state that was told to webhooks last. */
  readonly told: string;
}

export interface SendingRow {
  balance: bigint;
  credit_limit: bigint;
  overdue_since: Temporal.Instant | null;
  overdue_grace_hours: number;
  is_paused: boolean;
  is_capped: boolean;
  quota: bigint;
  sending_told: string;
}

/** The columns of {@link SendingRow}, of `accounts a` at `moment.at`. */
export const SENDING_COLUMNS = sql`
  a.balance, a.credit_limit, a.overdue_since, a.overdue_grace_hours, a.paused_at is not null as is_paused,
  exists (
    select from account_limits l where l.account_id = a.account_id and l.reached_at is not null) as is_capped,
  (select coalesce(sum(p.remaining), 0)::bigint from plans p
    where p.account_id = a.account_id and p.remaining > 0 and p.effective_at <= moment.at and p.expires_at > moment.at
  ) as quota,
  a.sending_told`;

/** What decides whether an account may send now; undefined when there is no such account. One statement. */
export async function readSending(
  db: Executor,
  accountId: string,
  now: Temporal.Instant,
): Promise<StoredSending | undefined> {
  const { rows } = await sql<SendingRow>`
    select ${SENDING_COLUMNS} from (select ${now}::timestamptz as at) moment, accounts a
    where a.account_id = ${accountId}`.execute(db);
  return rows[0] && toSending(rows[0]);
}

export function toSending(row: SendingRow): StoredSending {
  return {
    facts: {
      money: {
        balance: row.balance,
        creditLimit: row.credit_limit,
        overdueSince: row.overdue_since,
        overdueGraceHours: row.overdue_grace_hours,
      },
      isPaused: row.is_paused,
      isCapped: row.is_capped,
    },
    quota: row.quota,
    told: row.sending_told,
  };
}

/** Remembers which state is told now; returns the number of this change, which grows by one with each. */
export async function countSendingChange(tx: Tx, accountId: string, told: string): Promise<bigint> {
  const row = await tx
    .updateTable('accounts')
    .set((eb) => ({ sending_told: told, sending_sequence: eb('sending_sequence', '+', 1n) }))
    .where('account_id', '=', accountId)
    .returning('sending_sequence')
    .executeTakeFirstOrThrow();
  return row.sending_sequence;
}

/** How many changes of the sending state there have been. */
export async function readSendingSequence(db: Executor, accountId: string): Promise<bigint> {
  const row = await db
    .selectFrom('accounts')
    .select('sending_sequence')
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  return row.sending_sequence;
}
