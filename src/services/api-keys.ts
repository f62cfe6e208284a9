import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { InputError } from '../domain/errors.ts';
import { type SendingState, sendingStateOf } from '../domain/sending-state.ts';
import { readAccount } from '../store/accounts.ts';
import { insertApiKey, readApiKey, revokeApiKeys } from '../store/api-keys.ts';
import type { Executor, Tx } from '../store/schema.ts';
import type { SendingReader } from '../store/sending-reader.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';

const KEY = /^sk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

/**
 * Makes a key with which a gateway reports usage of one account. It is shown once; only a hash is kept.
 * @throws InputError `account_unknown`
 */
export async function createApiKey(context: ServiceContext, tx: Tx, accountId: string, label: string): Promise<string> {
  const account = await readAccount(tx, accountId);
  const keyId = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const createdAt = context.clock.now();
  await insertApiKey(tx, {
    keyId,
    accountId: account.id,
    secretHash: hashOf(secret).toString('hex'),
    label,
    createdAt,
  });
  await record(context, tx, account.id, { by: operatorOf(context), deed: { type: 'key_created', label } });
  return `sk_${keyId}_${secret}`;
}

/** Replaces an account's key of this label: the old one stops working. */
export async function rotateApiKey(context: ServiceContext, tx: Tx, accountId: string, label: string): Promise<string> {
  await revokeApiKeys(tx, accountId, label, context.clock.now());
  return createApiKey(context, tx, accountId, label);
}

/**
 * Makes the keys of a label stop working at once.
 * @throws InputError `account_unknown`, `key_label_unknown`
 */
export async function revokeApiKey(context: ServiceContext, tx: Tx, accountId: string, label: string): Promise<number> {
  const account = await readAccount(tx, accountId);
  const revoked = await revokeApiKeys(tx, account.id, label, context.clock.now());
  if (revoked === 0) {
    throw new InputError(
      'key_label_unknown',
      `The account has no key named "${label}"; "account show" lists its keys.`,
      {
        label,
      },
    );
  }
  await record(context, tx, account.id, { by: operatorOf(context), deed: { type: 'key_revoked', label } });
  return revoked;
}

/** The account that a key belongs to; undefined for anything that is not a valid key. Compares in constant time. */
export async function accountOfKey(db: Executor, key: string): Promise<string | undefined> {
  const parts = partsOf(key);
  const stored = parts && (await readApiKey(db, parts.keyId));
  return stored && isSecretOf(stored, parts.secret) ? stored.accountId : undefined;
}

/**
 * The sending state of the account that a key belongs to, read with the key; undefined for anything that is not a valid key.
 */
export async function sendingOfKey(
  context: ServiceContext,
  reader: SendingReader,
  key: string,
): Promise<{ accountId: string; state: SendingState } | undefined> {
  const parts = partsOf(key);
  if (!parts) return undefined;
  const now = context.clock.now();
  const stored = await reader.read(parts.keyId, now);
  if (!stored || !isSecretOf(stored, parts.secret)) return undefined;
  return { accountId: stored.accountId, state: sendingStateOf(stored.facts, stored.quota, now) };
}

function partsOf(key: string): { keyId: string; secret: string } | undefined {
  const [, keyId, secret] = KEY.exec(key) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

function isSecretOf({ secretHash }: { readonly secretHash: string }, secret: string): boolean {
  return timingSafeEqual(Buffer.from(secretHash, 'hex'), hashOf(secret));
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
