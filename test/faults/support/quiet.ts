import { sql } from 'kysely';
import { expect, vi } from 'vitest';
import type { Database } from '../../../src/store/database.ts';

/** What waits for somebody to do it, and since when it may be done; nothing where all is done. */
export async function unfinished(db: Database, now: Temporal.Instant): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'notice ' || key || ' is ' || state || coalesce(': ' || last_error, '') as what from notices
    where state in ('waiting', 'dead')
    union all
    select 'frame ' || frame_id || ' is kept' from kept_frames
    union all
    select 'account ' || account_id || ' is due for review' from accounts where next_review_at <= ${now}
    union all
    select 'renewal ' || renewal_id || ' is approved and not paid' from renewals where state = 'approved'
    union all
    select 'approval ' || code || ' has expired' from approvals where state = 'pending' and expires_at <= ${now}
    union all
    select 'bill of ' || account_id || ' is not closed' from accounts
    where month_ends_at <= ${now}::timestamptz - interval '72 hours'`.execute(db.kysely);
  return rows.map(({ what }) => what);
}

export async function waitUntilQuiet(db: Database, now: () => Temporal.Instant, timeout: number): Promise<void> {
  await vi.waitFor(async () => expect(await unfinished(db, now())).toEqual([]), { timeout, interval: 20 });
}
