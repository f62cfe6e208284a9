import { sql } from 'kysely';
import type { Difference } from './differences.ts';
import type { Executor } from './schema.ts';

/**
 * Derives the closed bills from charges and transfers, and names what differs: a month without a bill, a bill that does not begin where
 * the last one ended, does not end with the sum of all transfers until then, does not sum up its lines, or has a line that lists other
 * charges or transfers than there are. One statement, so it sees one moment. (rule 10)
 */
export async function findBillDifferences(db: Executor, accountId: string | null): Promise<Difference[]> {
  const which = accountId === null ? sql`true` : sql`account_id = ${accountId}`;
  const { rows } = await sql<Difference>`
    with a as (select account_id, name, currency, first_month, open_month from accounts where ${which}),
    b as (select * from bills where ${which}),
    l as (select * from bill_lines where ${which}),
    billed as (
      select t.*, case when to_book = 'cash' then amount when from_book = 'cash' then -amount else 0 end as cash
      from transfers t join a using (account_id) where t.month < a.open_month),
    net as (
      select account_id, month, sum(sum(cash)) over (partition by account_id order by month) as closing
      from (
        select account_id, month, cash from billed
        union all
        select account_id, month, 0 from b) moved
      group by account_id, month),
    -- What lines list, each under the same name: of charges all that they have in common, of transfers their kind and plan.
    listed (account_id, month, line, amount, segments) as (
      select account_id, greatest(c.month, first_month),
        concat_ws(' ', case kind when 'plan' then 'usage' else kind end, destination, nullif(country, ''), template_type,
          'version ' || case when kind <> 'plan' then tariff_version end, 'tier ' || tier, 'at ' || unit_price,
          'plan ' || plan_id, case when late then 'late' end),
        -sum(amount), sum(segments)
      from charges c join a using (account_id) where greatest(c.month, first_month) < open_month
      group by 1, 2, 3
      union all
      select account_id, month, concat_ws(' ', kind, 'plan ' || (details ->> 'planId')),
        sum(cash), sum(case unit when 'segment' then amount else 0 end)
      from billed where kind not in ('usage', 'payg', 'correction')
      group by 1, 2, 3),
    lines (account_id, month, line, amount, segments) as (
      select account_id, month,
        concat_ws(' ', kind, destination, country, template_type, 'version ' || tariff_version, 'tier ' || tier, 'at ' || unit_price,
          'plan ' || plan_id, case when late then 'late' end),
        sum(amount), sum(coalesce(segments, 0))
      from l group by 1, 2, 3),
    checks (account_id, figure, subject, unit, stored, derived) as (
      select a.account_id, 'bill', to_char(m, 'YYYY-MM'), 'flag', (b.month is not null)::integer, 1
      from a
      cross join generate_series((first_month || '-01')::date, (open_month || '-01')::date - 1, interval '1 month') m
      left join b on b.account_id = a.account_id and b.month = to_char(m, 'YYYY-MM')
      union all
      select account_id, 'bill', month, 'flag', 1, 0 from b join a using (account_id)
      where month >= open_month or month < first_month
      union all
      select account_id, 'bill_opening', month, currency, opening, before
      from (
        select account_id, month, opening, lag(closing, 1, 0::bigint) over (partition by account_id order by month) as before from b) b
      join a using (account_id)
      union all
      select account_id, 'bill_closing', month, currency, b.closing, net.closing
      from b join net using (account_id, month) join a using (account_id)
      union all
      select account_id, 'bill_figure', concat_ws(' ', b.month, figure), currency, stored, coalesce(derived, 0)
      from b join a using (account_id)
      cross join lateral (values
        ('recharges', 'recharge', recharges), ('withdrawals', 'withdrawal', withdrawals), ('purchases', 'purchase', purchases), ('renewals', 'renewal', renewals),
        ('refunds', 'refund', refunds), ('payg', 'payg', payg), ('corrections', 'correction', corrections),
        ('rounding', 'rounding', rounding)) as figures (figure, kind, stored)
      left join (select account_id, month, kind, sum(amount) as derived from l group by 1, 2, 3) sums
      using (account_id, month, kind)
      union all
      select account_id, figure, concat_ws(' ', month, line), case figure when 'bill_amount' then currency else 'segment' end,
        coalesce(stored, 0), coalesce(derived, 0)
      from lines s full join listed d using (account_id, month, line)
      join a using (account_id)
      cross join lateral (values
        ('bill_amount', s.amount, d.amount), ('bill_segments', s.segments, d.segments)) as figures (figure, stored, derived))
    select account_id as "accountId", name as "accountName", figure, subject, unit,
      stored::bigint as stored, derived::bigint as derived
    from checks join a using (account_id)
    where stored is distinct from derived
    order by name, account_id, figure, subject`.execute(db);
  return rows;
}
