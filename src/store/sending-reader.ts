import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { PreparedRead } from './prepared.ts';
import { SENDING_COLUMNS, type SendingRow, type StoredSending, toSending } from './sending.ts';

/** Gateways ask before they send, so this is asked more often than anything else. */
const CONNECTIONS = 2;

interface KeyRow extends SendingRow {
  secret_hash: string;
  account_id: string;
}

/** The sending state of the account that a key belongs to, and what the key's secret is checked against. */
export interface SendingOfKey extends StoredSending {
  readonly accountId: string;
  /** SHA-256 of the secret, in hex. */
  readonly secretHash: string;
}

/** Reads key and sending state in one statement, so a key that is revoked works no more at once, and nothing is kept in memory. */
export class SendingReader {
  readonly #read: PreparedRead<KeyRow>;

  constructor(db: Database) {
    const { sql: text } = sql<KeyRow>`
      select k.secret_hash, k.account_id, ${SENDING_COLUMNS}
      from (select ${null}::timestamptz as at) moment, api_keys k join accounts a on a.account_id = k.account_id
      where k.key_id = ${null} and k.revoked_at is null`.compile(db.kysely);
    this.#read = db.prepare<KeyRow>({ name: 'sending', text, connections: CONNECTIONS });
  }

  /** Undefined for a key that is unknown or revoked. */
  async read(keyId: string, now: Temporal.Instant): Promise<SendingOfKey | undefined> {
    const [row] = await this.#read.rows([now, keyId]);
    return row && { ...toSending(row), accountId: row.account_id, secretHash: row.secret_hash };
  }

  close(): Promise<void> {
    return this.#read.close();
  }
}
