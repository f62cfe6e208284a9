import { z } from 'zod';
import type { DeadLetters } from '../../services/notices.ts';
import { findAccount } from '../accounts.ts';
import { CliError } from '../errors.ts';
import type { Session } from '../session.ts';

/** How commands name dead letters: one, or all of them, or those of an account. */
export const DEAD_LETTERS = {
  arguments: [{ name: 'ID', isOptional: true, about: 'of one notice, or the beginning of it' }],
  options: {
    state: { value: 'dead', about: 'all dead letters' },
    account: { value: 'ACCOUNT', about: 'all dead letters of an account, by its id or name' },
  },
  input: { ID: z.string().optional(), state: z.literal('dead').optional(), account: z.string().optional() },
};

/** @throws CliError `notices_unnamed` when nothing says which; InputError `account_unknown`, `account_ambiguous` */
export async function deadLettersOf(
  session: Session,
  { ID, state, account }: { ID?: string | undefined; state?: 'dead' | undefined; account?: string | undefined },
): Promise<DeadLetters> {
  if (ID !== undefined) return { id: ID };
  if (account !== undefined) return { accountId: (await findAccount(session, account)).id };
  if (state !== undefined) return { accountId: null };
  throw new CliError(
    'notices_unnamed',
    'Say which: the ID of a notice, --account ACCOUNT for all dead letters of an account, or --state dead for all.',
  );
}
