import { InputError } from '../domain/errors.ts';
import {
  dropLetters,
  dropOvertakenLetters,
  type LetterFilter,
  type LetterName,
  type NoticeLetter,
  readLetters,
  reviveLetters,
} from '../store/notice-letters.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { operatorOf, record } from './audit.ts';
import type { ServiceContext } from './context.ts';

/** Which dead letters are meant: one by its id or the beginning of it, or those of an account, or all. */
export type DeadLetters = { readonly id: string } | { readonly accountId: string | null };

/**
 * The notice that a person means by its id or the beginning of it.
 *
 * @throws InputError `notice_unknown`, `notice_ambiguous`
 */
export async function findNotice(db: Executor, id: string): Promise<NoticeLetter> {
  const [letter, other] = await readLetters(db, { id }, 2);
  if (!letter) {
    throw new InputError(
      'notice_unknown',
      `There is no notice "${id}"; "npm run cli -- notices list" shows them. Finished ones are deleted after 90 days.`,
      { notice: id },
    );
  }
  if (other) {
    throw new InputError('notice_ambiguous', `Several notices begin with "${id}"; give more of the id.`, {
      notice: id,
    });
  }
  return letter;
}

/**
 * Gives dead letters all their attempts again. What was said in one message with them goes with them, and so do later changes of their cards.
 * A change of a card that says something newer by now is dropped instead. (rule 22)
 * @returns how many are tried again, and how many were overtaken
 * @throws InputError `notice_unknown`, `notice_ambiguous`, `notice_not_dead`
 */
export async function retryDeadLetters(
  context: ServiceContext,
  tx: Tx,
  which: DeadLetters,
): Promise<{ readonly retried: number; readonly overtaken: number }> {
  const filter = await filterOf(tx, which);
  const now = context.clock.now();
  const overtaken = await dropOvertakenLetters(tx, filter, now);
  const letters = await reviveLetters(tx, filter, now);
  return {
    retried: await recordLetters(context, tx, 'notices_retried', letters),
    overtaken: await recordLetters(context, tx, 'notices_dropped', overtaken),
  };
}

/**
 * Gives dead letters up; whom they were for is not told. (rule 22)
 * @returns how many
 * @throws InputError `notice_unknown`, `notice_ambiguous`, `notice_not_dead`
 */
export async function dropDeadLetters(context: ServiceContext, tx: Tx, which: DeadLetters): Promise<number> {
  const letters = await dropLetters(tx, await filterOf(tx, which), context.clock.now());
  return recordLetters(context, tx, 'notices_dropped', letters);
}

/** In the audit of the account that each is of, or of none. */
async function recordLetters(
  context: ServiceContext,
  tx: Tx,
  type: 'notices_retried' | 'notices_dropped',
  letters: readonly LetterName[],
): Promise<number> {
  for (const [accountId, ofAccount] of Map.groupBy(letters, (letter) => letter.accountId)) {
    const notices = ofAccount.map(({ id, reason }) => ({ id, reason }));
    await record(context, tx, accountId, { by: operatorOf(context), deed: { type, notices } });
  }
  return letters.length;
}

async function filterOf(tx: Tx, which: DeadLetters): Promise<LetterFilter> {
  if (!('id' in which)) return { accountId: which.accountId ?? undefined };
  const letter = await findNotice(tx, which.id);
  if (letter.state !== 'dead') {
    throw new InputError(
      'notice_not_dead',
      `The notice ${letter.id} is no dead letter: it is ${letter.state}. Only dead letters are retried or dropped.`,
      { notice: letter.id, state: letter.state },
    );
  }
  return { id: letter.id };
}
