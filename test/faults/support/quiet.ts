import { sql } from 'kysely';
import { expect } from 'vitest';
import { BILL_WAIT_HOURS } from '../../../src/domain/bill.ts';
import type { Database } from '../../../src/store/database.ts';
import { eventually } from '../../support/eventually.ts';

/**
 * What waits for somebody to do it, and since when it may be done; nothing where all is done. It has to name all that a job finds due, and
 * in one statement: what one job hands on to the next is then either still the one's or already the other's.
 */
export async function unfinished(db: Database, now: Temporal.Instant): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'notice ' || key || ' is ' || state || coalesce(': ' || last_error, '') as what from notices
    where state in ('waiting', 'dead')
    union all
    select 'event ' || sequence || ' of webhook ' || webhook_id || ' is waiting' from webhook_events where state = 'waiting'
    union all
    select 'frame ' || frame_id || ' is kept' from kept_frames
    union all
    select 'account ' || account_id || ' is due for review' from accounts where next_review_at <= ${now}
    union all
    select 'renewal ' || renewal_id || ' is approved and not paid' from renewals where state = 'approved'
    union all
    select 'approval ' || code || ' has expired' from approvals where state = 'pending' and expires_at <= ${now}
    union all
    select 'approval ' || code || ' is to be reminded of' from approvals where state = 'pending' and remind_at <= ${now}
    union all
    select kind || ' summary ' || period || ' of ' || account_id || ' is to be told' from digests where due_at <= ${now}
    union all
    select 'bill of ' || account_id || ' is not closed' from accounts
    where month_ends_at <= ${now.subtract({ hours: BILL_WAIT_HOURS })}`.execute(db.kysely);
  return rows.map(({ what }) => what);
}

export async function waitUntilQuiet(db: Database, now: () => Temporal.Instant): Promise<void> {
  await eventually(async () => expect(await unfinished(db, now())).toEqual([]), 20);
}
