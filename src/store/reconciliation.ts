import { sql } from 'kysely';
import { findBillDifferences } from './bill-reconciliation.ts';
import type { Difference } from './differences.ts';
import type { Executor } from './schema.ts';

export type { Difference, Figure } from './differences.ts';

/**
 * Derives from the entries (transfers, charges, usage records) what is kept beside them, bills included, and names what differs, of one
 * account or of all (null). It reads every entry. (rules 8 and 10)
 */
export async function findDifferences(db: Executor, accountId: string | null): Promise<Difference[]> {
  return [...(await findStoredDifferences(db, accountId)), ...(await findBillDifferences(db, accountId))];
}

/** All but the bills. One statement, so it sees one moment. */
async function findStoredDifferences(db: Executor, accountId: string | null): Promise<Difference[]> {
  const which = accountId === null ? sql`true` : sql`account_id = ${accountId}`;
  const { rows } = await sql<Difference>`
    with a as (select * from accounts where ${which}),
    moved as (
      select account_id, unit, to_book as book, amount from transfers where ${which}
      union all
      select account_id, unit, from_book, -amount from transfers where ${which}),
    books as (select account_id, unit, book, sum(amount) as net from moved group by account_id, unit, book),
    charged as (
      select account_id, month, destination, country, template_type, tariff_version,
        coalesce(sum(segments) filter (where kind = 'plan'), 0) as plan_segments,
        coalesce(sum(segments) filter (where kind = 'payg'), 0) as payg_segments,
        sum(amount) as charged
      from charges where ${which}
      group by account_id, month, destination, country, template_type, tariff_version),
    recorded as (
      select account_id, date_bin('1 hour', u.at, '1970-01-01T00:00:00Z') as hour,
        coalesce(u.late_month, to_char(u.at at time zone a.time_zone, 'YYYY-MM')) as month, u.late_month is not null as late,
        u.destination, coalesce(u.country, '') as country, u.template_type, sum(u.segments) as segments
      from (select * from usage_records where ${which} and billing = 'charged') u join a using (account_id)
      group by 1, 2, 3, 4, 5, 6, 7),
    sent as (
      select account_id, to_char(u.at at time zone a.time_zone, 'YYYY-MM-DD') as day, sum(u.segments) as segments
      from (select * from usage_records where ${which} and billing in ('charged', 'unpriced')) u join a using (account_id)
      group by 1, 2),
    periods as (
      select account_id, day as period, segments from sent
      union all
      select account_id, substr(day, 1, 7), sum(segments) from sent group by 1, 2),
    uses as (select *, case length(period) when 7 then 'months' else 'days' end as kind from period_use where ${which}),
    volumes as (select * from monthly_volumes where ${which}),
    hours as (select * from hourly_usage where ${which}),
    checks (account_id, figure, subject, unit, stored, derived) as (
      select a.account_id, 'balance', '', currency, balance, coalesce(net, 0)
      from a left join books b on b.account_id = a.account_id and b.book = 'cash' and b.unit = a.currency
      union all
      select account_id, 'overdue', '', 'flag', (overdue_since is not null)::integer, (balance + credit_limit < 0)::integer
      from a
      union all
      select account_id, 'foreign_cash', '', unit, 0, net
      from books join a using (account_id) where book = 'cash' and unit <> currency
      union all
      select account_id, 'plan_total', plan_id::text, 'segment', total, coalesce(issued, 0)
      from (select account_id, plan_id, total, 'plan:' || plan_id as book from plans where ${which}) p
      left join (
        select account_id, to_book as book, sum(amount) as issued
        from transfers where ${which} and unit = 'segment' and from_book = 'issued' group by account_id, to_book) t
      using (account_id, book)
      union all
      select account_id, 'plan_remaining', coalesce(plan_id::text, substr(book, 6)), 'segment',
        coalesce(remaining, 0), coalesce(net, 0)
      from (select account_id, plan_id, remaining, 'plan:' || plan_id as book from plans where ${which}) p
      full join (select * from books where unit = 'segment' and book like 'plan:%') b using (account_id, book)
      union all
      select account_id, figure, concat_ws(' ', month, destination, nullif(country, ''), template_type, 'tariff version', tariff_version),
        case figure when 'month_charged' then currency else 'segment' end, coalesce(stored, 0), coalesce(derived, 0)
      from volumes v full join charged c using (account_id, month, destination, country, template_type, tariff_version)
      join a using (account_id)
      cross join lateral (values
        ('month_plan_segments', v.plan_segments, c.plan_segments),
        ('month_payg_segments', v.payg_segments, c.payg_segments),
        ('month_charged', v.charged, c.charged)) as figures (figure, stored, derived)
      union all
      select account_id, 'month_records', concat_ws(' ', month, destination, nullif(country, ''), template_type), 'segment',
        coalesce(v.segments, 0), coalesce(r.segments, 0)
      from (
        select account_id, month, destination, country, template_type, sum(plan_segments + payg_segments) as segments
        from volumes group by account_id, month, destination, country, template_type) v
      full join (
        select account_id, month, destination, country, template_type, sum(segments) as segments
        from recorded group by account_id, month, destination, country, template_type) r
      using (account_id, month, destination, country, template_type)
      union all
      select account_id, 'late_segments', concat_ws(' ', month, destination, nullif(country, ''), template_type), 'segment',
        coalesce(c.segments, 0), coalesce(r.segments, 0)
      from (
        select account_id, month, destination, country, template_type, sum(segments) as segments
        from charges where ${which} and late group by account_id, month, destination, country, template_type) c
      full join (
        select account_id, month, destination, country, template_type, sum(segments) as segments
        from recorded where late group by account_id, month, destination, country, template_type) r
      using (account_id, month, destination, country, template_type)
      union all
      select account_id, 'hour_segments',
        concat_ws(' ', to_char(hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24":00Z"'), destination, template_type), 'segment',
        coalesce(h.plan_segments + h.payg_segments, 0), coalesce(r.segments, 0)
      from hours h
      full join (
        select account_id, hour, destination, template_type, sum(segments) as segments
        from recorded group by account_id, hour, destination, template_type) r
      using (account_id, hour, destination, template_type)
      union all
      select account_id, 'hours_amount', concat_ws(' ', destination, template_type), currency,
        coalesce(h.amount, 0), coalesce(c.amount, 0)
      from (
        select account_id, destination, template_type, sum(amount) as amount
        from hours group by account_id, destination, template_type) h
      full join (
        select account_id, destination, template_type, sum(charged) as amount
        from charged group by account_id, destination, template_type) c
      using (account_id, destination, template_type)
      join a using (account_id)
      union all
      select account_id, 'period_segments', period, 'segment', coalesce(u.segments, 0), coalesce(p.segments, 0)
      from uses u full join periods p using (account_id, period)
      union all
      select account_id, 'periods_amount', kind, currency, coalesce(u.amount, 0), coalesce(c.amount, 0)
      from a
      cross join (values ('days'), ('months')) as kinds (kind)
      left join (select account_id, kind, sum(amount) as amount from uses group by account_id, kind) u using (account_id, kind)
      left join (select account_id, sum(charged) as amount from charged group by account_id) c using (account_id)
      union all
      select account_id, 'charge', substr(key, 8), case when plan_id is null then currency else 'segment' end,
        case
          when c.kind is null then t.amount
          when t.month <> greatest(c.month, a.first_month) then 0
          when (from_book, to_book, unit) in (('cash', 'payg', currency), ('plan:' || plan_id, 'consumed', 'segment')) then t.amount
          when (from_book, to_book, unit) = ('payg', 'cash', currency) then -t.amount
          else 0
        end,
        coalesce(case kind when 'plan' then segments else c.amount end, 0)
      from (select account_id, 'charge/' || charge_id as key, kind, plan_id, segments, amount, month from charges where ${which}) c
      full join (
        select account_id, key, from_book, to_book, unit, amount, month
        from transfers where ${which} and kind in ('usage', 'payg', 'correction')) t
      using (account_id, key)
      join a using (account_id))
    select account_id as "accountId", name as "accountName", figure, subject, unit,
      stored::bigint as stored, derived::bigint as derived
    from checks join a using (account_id)
    where stored is distinct from derived
    order by name, account_id, figure, subject`.execute(db);
  return rows;
}
