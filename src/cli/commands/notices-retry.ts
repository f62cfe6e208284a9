import { z } from 'zod';
import { retryDeadLetters } from '../../services/notices.ts';
import { inTransaction } from '../../store/database.ts';
import { defineCommand } from '../command.ts';
import { DEAD_LETTERS, deadLettersOf } from './notices-dead.ts';

export const noticesRetry = defineCommand({
  name: 'notices retry',
  about: 'Send dead letters again, with all their attempts',
  ...DEAD_LETTERS,
  input: z.object(DEAD_LETTERS.input),
  run: async (session, input) => {
    const which = await deadLettersOf(session, input);
    const { retried, overtaken } = await inTransaction(session.db, (tx) =>
      retryDeadLetters(session.context, tx, which),
    );
    const dropped = `Dropped, because their cards say something newer: ${overtaken}.`;
    return {
      json: { notices: retried, overtaken },
      lines: [`Sent again: ${retried}.`, ...(overtaken > 0 ? [dropped] : [])],
    };
  },
});
