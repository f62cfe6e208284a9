import { z } from 'zod';
import { dropDeadLetters } from '../../services/notices.ts';
import { inTransaction } from '../../store/database.ts';
import { defineCommand } from '../command.ts';
import { DEAD_LETTERS, deadLettersOf } from './notices-dead.ts';

export const noticesDrop = defineCommand({
  name: 'notices drop',
  about: 'Give dead letters up; whom they were for is not told',
  ...DEAD_LETTERS,
  input: z.object(DEAD_LETTERS.input),
  run: async (session, input) => {
    const which = await deadLettersOf(session, input);
    const notices = await inTransaction(session.db, (tx) => dropDeadLetters(session.context, tx, which));
    return { json: { notices }, lines: [`Given up: ${notices}.`] };
  },
});
