import { type Kysely, sql } from 'kysely';

/** Monthly bills, what is billed late, and of each transfer whose bill it is part of. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table usage_records add column late_month text`.execute(db);
  await sql`alter table charges add column late boolean not null default false`.execute(db);

  // Bills of accounts that were there before begin with the month in which each was opened; the next run of the job makes them up.
  await sql`
    alter table accounts add column first_month text, add column open_month text, add column month_ends_at timestamptz`.execute(
    db,
  );
  await sql`
    update accounts set
      first_month = to_char(created_at at time zone time_zone, 'YYYY-MM'),
      open_month = to_char(created_at at time zone time_zone, 'YYYY-MM'),
      month_ends_at = (date_trunc('month', created_at at time zone time_zone) + interval '1 month') at time zone time_zone`.execute(
    db,
  );
  await sql`
    alter table accounts
      alter column first_month set not null,
      alter column open_month set not null,
      alter column month_ends_at set not null,
      add check (first_month ~ '^[0-9]{4}-[0-9]{2}$'),
      add check (open_month ~ '^[0-9]{4}-[0-9]{2}$' and open_month >= first_month)`.execute(db);
  await sql`create index accounts_month_over on accounts (month_ends_at, account_id)`.execute(db);

  await sql`alter table transfers add column month text`.execute(db);
  await sql`alter table transfers disable trigger transfers_append_only`.execute(db);
  await sql`
    update transfers t
    set month = greatest(coalesce(t.details ->> 'month', to_char(t.at at time zone a.time_zone, 'YYYY-MM')), a.first_month)
    from accounts a where a.account_id = t.account_id`.execute(db);
  await sql`alter table transfers enable trigger transfers_append_only`.execute(db);
  await sql`
    alter table transfers alter column month set not null, add check (month ~ '^[0-9]{4}-[0-9]{2}$')`.execute(db);
  // Those of charges are many, and bills take them from the charges.
  await sql`
    create index transfers_of_month on transfers (account_id, month)
    where kind not in ('usage', 'payg', 'correction')`.execute(db);

  await sql`
    create table bills (
      account_id uuid not null references accounts,
      month text not null check (month ~ '^[0-9]{4}-[0-9]{2}$'),
      opening bigint not null,
      recharges bigint not null,
      purchases bigint not null,
      renewals bigint not null,
      refunds bigint not null,
      payg bigint not null,
      corrections bigint not null,
      rounding bigint not null,
      closing bigint not null,
      closed_at timestamptz not null,
      primary key (account_id, month),
      check (closing = opening + recharges + purchases + renewals + refunds + payg + corrections + rounding)
    )`.execute(db);
  await sql`
    create table bill_lines (
      account_id uuid not null,
      month text not null,
      line integer not null check (line > 0),
      kind text not null,
      destination text,
      country text,
      template_type text,
      tariff_version integer,
      tier integer,
      late boolean not null,
      plan_id uuid,
      title text,
      segments bigint check (segments >= 0),
      unit_price bigint,
      amount bigint not null,
      at timestamptz,
      key text,
      primary key (account_id, month, line),
      foreign key (account_id, month) references bills deferrable initially deferred
    )`.execute(db);

  for (const table of ['bills', 'bill_lines']) {
    await sql`
      create trigger ${sql.id(`${table}_append_only`)} before update or delete on ${sql.table(table)}
      for each row execute function refuse_change()`.execute(db);
    await sql`
      create trigger ${sql.id(`${table}_no_truncate`)} before truncate on ${sql.table(table)}
      for each statement execute function refuse_change()`.execute(db);
  }
  // A bill's lines are written before the bill, in one transaction, so that no line is ever added to a bill that is there.
  await sql`
    create function refuse_line_of_bill() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from bills where account_id = new.account_id and month = new.month) then
        raise exception 'the bill of % is closed: insert refused', new.month using errcode = 'integrity_constraint_violation';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger bill_lines_closed before insert on bill_lines
    for each row execute function refuse_line_of_bill()`.execute(db);
}
