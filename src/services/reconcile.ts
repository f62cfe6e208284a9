import type { Database } from '../store/database.ts';
import { type Difference, findDifferences } from '../store/reconciliation.ts';

/**
 * Names every stored figure that does not follow from its entries, of one account or of all (null). It changes nothing, locks nothing,
 * and takes as long as reading all entries takes. (rule 8)
 */
export async function reconcile(db: Database, accountId: string | null): Promise<Difference[]> {
  const patient = db.patient();
  try {
    return await findDifferences(patient.kysely, accountId);
  } finally {
    await patient.close();
  }
}
