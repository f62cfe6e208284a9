import { lockAccount } from '../../src/store/accounts.ts';
import { type Database, inTransaction } from '../../src/store/database.ts';

/** Holds an account as a long piece of work would, until what is returned is called. */
export async function holdAccount(db: Database, accountId: string): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const work = inTransaction(db, async (tx) => {
    await lockAccount(tx, accountId);
    held.resolve();
    await gate.promise;
  });
  await held.promise;
  return () => {
    gate.resolve();
    return work;
  };
}
