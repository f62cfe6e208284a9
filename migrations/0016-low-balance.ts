import { type Kysely, sql } from 'kysely';

/** The amount of which an account wants to hear, and one episode for both ways in which a balance is low. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table account_settings
      add column balance_alert bigint check (balance_alert > 0),
      add column balance_alert_set_at timestamptz,
      add check ((balance_alert is null) = (balance_alert_set_at is null))`.execute(db);
  // What lasts for days only is the second level of the episode now; the first is the amount.
  await sql`update alerts set kind = 'low_balance', level = 2 where kind = 'overdue_expected'`.execute(db);
}
