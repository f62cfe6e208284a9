import type { Database } from '../../../src/store/database.ts';
import type { FaultAccount } from './fault-world.ts';

/** Whether auto-renewal is on. */
export async function isRenewing(db: Database, account: FaultAccount): Promise<boolean | undefined> {
  const policy = await db.kysely
    .selectFrom('renewal_policies')
    .select('enabled')
    .where('account_id', '=', account.id)
    .executeTakeFirst();
  return policy?.enabled;
}

/** Where its plans came from, the oldest first. */
export async function plansOf(db: Database, account: FaultAccount): Promise<string[]> {
  const plans = await db.kysely
    .selectFrom('plans')
    .select('source')
    .where('account_id', '=', account.id)
    .orderBy('effective_at')
    .execute();
  return plans.map(({ source }) => source);
}
