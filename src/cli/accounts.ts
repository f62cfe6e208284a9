import { InputError } from '../domain/errors.ts';
import { type Account, listAccounts, readAccount, readAccountsByName } from '../store/accounts.ts';
import type { Session } from './session.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The account that a person means by its id or, where only one has it, its name.
 *
 * @throws InputError `account_unknown`, `account_ambiguous`
 */
export async function findAccount({ db }: Session, idOrName: string): Promise<Account> {
  if (UUID.test(idOrName)) return readAccount(db.kysely, idOrName);
  const [account, ...others] = await readAccountsByName(db.kysely, idOrName);
  if (!account) {
    throw new InputError(
      'account_unknown',
      `There is no account named "${idOrName}"; "npm run cli -- account list" shows them.`,
      { account: idOrName },
    );
  }
  if (others.length === 0) return account;
  const ids = [account, ...others].map(({ id }) => id).join(', ');
  throw new InputError('account_ambiguous', `Several accounts are named "${idOrName}"; give an id: ${ids}.`, {
    accounts: ids,
  });
}

/**
 * The only account.
 *
 * @throws InputError `account_missing` when there is none, `account_ambiguous` when there are several
 */
export async function onlyAccount({ db }: Session): Promise<Account> {
  const [account, ...others] = await listAccounts(db.kysely);
  if (!account) {
    throw new InputError(
      'account_missing',
      'There is no account yet; make one with "npm run cli -- account create NAME".',
    );
  }
  if (others.length === 0) return account;
  throw new InputError(
    'account_ambiguous',
    'There are several accounts; name one. "npm run cli -- account list" shows them.',
    { accounts: [account, ...others].map(({ id, name }) => `${name} (${id})`).join(', ') },
  );
}
