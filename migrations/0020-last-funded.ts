import { type Kysely, sql } from 'kysely';

/** Not only a recharge is money that a failed renewal waits for: a refund and a higher credit limit are too. (rules 14 and 19) */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table accounts rename column last_recharged_at to last_funded_at`.execute(db);
}
