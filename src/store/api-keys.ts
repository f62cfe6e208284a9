import type { Executor, Tx } from './schema.ts';

export interface StoredApiKey {
  readonly keyId: string;
  readonly accountId: string;
  /** SHA-256 of the secret, in hex. */
  readonly secretHash: string;
}

export async function insertApiKey(
  tx: Tx,
  key: StoredApiKey & { label: string; createdAt: Temporal.Instant },
): Promise<void> {
  await tx
    .insertInto('api_keys')
    .values({
      key_id: key.keyId,
      account_id: key.accountId,
      secret_hash: key.secretHash,
      label: key.label,
      created_at: key.createdAt,
    })
    .execute();
}

/** A key that is not revoked. */
export async function readApiKey(db: Executor, keyId: string): Promise<StoredApiKey | undefined> {
  const row = await db
    .selectFrom('api_keys')
    .select(['key_id', 'account_id', 'secret_hash'])
    .where('key_id', '=', keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row && { keyId: row.key_id, accountId: row.account_id, secretHash: row.secret_hash };
}

/** The keys of an account that are not revoked, without their secrets. */
export async function listApiKeys(
  db: Executor,
  accountId: string,
): Promise<{ keyId: string; label: string; createdAt: Temporal.Instant }[]> {
  const rows = await db
    .selectFrom('api_keys')
    .select(['key_id', 'label', 'created_at'])
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .orderBy('created_at')
    .execute();
  return rows.map((row) => ({ keyId: row.key_id, label: row.label, createdAt: row.created_at }));
}

/** Revokes an account's keys with this label; how many they were. */
export async function revokeApiKeys(tx: Tx, accountId: string, label: string, now: Temporal.Instant): Promise<number> {
  const rows = await tx
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('account_id', '=', accountId)
    .where('label', '=', label)
    .where('revoked_at', 'is', null)
    .returning('key_id')
    .execute();
  return rows.length;
}
