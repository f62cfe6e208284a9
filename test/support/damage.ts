import { type RawBuilder, sql } from 'kysely';
import { expect } from 'vitest';
import { type Difference, findDifferences } from '../../src/store/reconciliation.ts';
import type { Tx } from '../../src/store/schema.ts';
import type { BillingWorld, TestAccount } from './billing-world.ts';

/** Damages what is stored, looks at everything, and takes the damage back. */
export async function differencesAfter(
  world: BillingWorld,
  damage: (tx: Tx) => Promise<unknown>,
): Promise<Difference[]> {
  const seen: Difference[] = [];
  const undo = new Error('undo');
  const damaging = world.run(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    await damage(tx);
    seen.push(...(await findDifferences(tx, null)));
    throw undo;
  });
  await expect(damaging).rejects.toBe(undo);
  return seen;
}

/** Changes rows of an account, and looks: each difference must be of this account, and tell two figures. */
export async function differencesAfterChange(
  world: BillingWorld,
  account: TestAccount,
  { table, change, where }: { table: string; change: RawBuilder<unknown>; where: RawBuilder<unknown> },
): Promise<Difference[]> {
  const found = await differencesAfter(world, (tx) =>
    sql`update ${sql.table(table)} set ${change} where account_id = ${account.id} and ${where}`.execute(tx),
  );
  for (const { accountId, stored, derived } of found) {
    expect(accountId).toBe(account.id);
    expect(stored).not.toBe(derived);
  }
  return found;
}
