import { type Kysely, sql } from 'kysely';

/** Bills say what was taken out of the balance. No bill from before has any. (rules 8 and 10) */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table bills
      add column withdrawals bigint not null default 0,
      drop constraint bills_check,
      add check (closing = opening + recharges + withdrawals + purchases + renewals + refunds + payg + corrections + rounding)`.execute(
    db,
  );
  await sql`alter table bills alter column withdrawals drop default`.execute(db);
}
