import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../src/store/database.ts';

interface Difference {
  readonly what: string;
  readonly kept: bigint;
  readonly derived: bigint;
}

/**
 * Derives from the entries whatever is kept beside them, and fails on any difference: balance, each plan's remaining, the sum over all
 * books, and what metering keeps in records, charges, volumes and hours. (rule 8)
 */
export async function expectBooksRight(db: Database, accountId: string): Promise<void> {
  const { rows } = await sql<Difference>`
    with moved as (
      select unit, to_book as book, amount from transfers where account_id = ${accountId}
      union all
      select unit, from_book, -amount from transfers where account_id = ${accountId}),
    books as (select unit, book, sum(amount)::bigint as net from moved group by unit, book),
    charged as (
      select kind, plan_id, month, sum(segments)::bigint as segments, sum(amount)::bigint as amount
      from charges where account_id = ${accountId} group by kind, plan_id, month),
    volumes as (
      select sum(plan_segments)::bigint as plan, sum(payg_segments)::bigint as payg, sum(charged)::bigint as amount
      from monthly_volumes where account_id = ${accountId}),
    checks as (
      select 'balance' as what, a.balance as kept,
        coalesce((select net from books where book = 'cash' and unit = a.currency), 0) as derived
      from accounts a where a.account_id = ${accountId}
      union all
      select 'cash in another currency', 0, count(*) from books b join accounts a on a.account_id = ${accountId}
      where b.unit not in (a.currency, 'segment')
      union all
      select 'remaining of plan ' || p.plan_id, p.remaining,
        coalesce((select net from books where book = 'plan:' || p.plan_id and unit = 'segment'), 0)
      from plans p where p.account_id = ${accountId}
      union all
      select 'sum of all books in ' || unit, 0, sum(net)::bigint from books group by unit
      union all
      select 'pay-as-you-go', (select coalesce(sum(amount), 0)::bigint from charged),
        coalesce((select net from books where book = 'payg'), 0)
      union all
      select 'charged of the months', coalesce((select amount from volumes), 0),
        (select coalesce(sum(amount), 0)::bigint from charged)
      union all
      select 'charged of the hours',
        (select coalesce(sum(amount), 0)::bigint from hourly_usage where account_id = ${accountId}),
        (select coalesce(sum(amount), 0)::bigint from charged)
      union all
      select 'segments consumed from plans', (select coalesce(sum(segments), 0)::bigint from charged where kind = 'plan'),
        coalesce((select net from books where book = 'consumed'), 0)
      union all
      select 'plan segments of the months', coalesce((select plan from volumes), 0),
        (select coalesce(sum(segments), 0)::bigint from charged where kind = 'plan')
      union all
      select 'pay-as-you-go segments of the months', coalesce((select payg from volumes), 0),
        (select coalesce(sum(segments), 0)::bigint from charged where kind = 'payg')
      union all
      select 'segments of the hours',
        (select coalesce(sum(plan_segments + payg_segments), 0)::bigint from hourly_usage where account_id = ${accountId}),
        coalesce((select plan + payg from volumes), 0)
      union all
      select 'segments of the charged records',
        (select coalesce(sum(segments), 0)::bigint from usage_records
         where account_id = ${accountId} and billing = 'charged'),
        coalesce((select plan + payg from volumes), 0)
      union all
      select 'overdue', (case when overdue_since is null then 0 else 1 end)::bigint,
        (case when balance + credit_limit < 0 then 1 else 0 end)::bigint
      from accounts where account_id = ${accountId})
    select what, kept::bigint, derived::bigint from checks where kept is distinct from derived`.execute(db.kysely);
  expect(rows).toEqual([]);
}
