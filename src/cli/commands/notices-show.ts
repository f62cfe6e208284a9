import { z } from 'zod';
import { findNotice } from '../../services/notices.ts';
import { NO_ACCOUNT } from '../../store/notices.ts';
import { defineCommand } from '../command.ts';
import { fields } from '../output.ts';
import { letterToJson, TIME_ZONE, timeOf } from './notices-output.ts';

export const noticesShow = defineCommand({
  name: 'notices show',
  about: 'Show a notice: what it says, and what became of it',
  arguments: [{ name: 'ID', about: 'its id, or the beginning of it' }],
  input: z.object({ ID: z.string() }),
  run: async ({ db }, { ID }) => {
    const letter = await findNotice(db.kysely, ID);
    const { content } = letter;
    return {
      json: { ...letterToJson(letter), markdown: content.markdown, buttons: content.buttons, hint: content.hint },
      lines: [
        ...fields([
          ['Notice', letter.id],
          ['State', letter.form === null ? letter.state : `${letter.state} (${letter.form})`],
          ['Why', `${letter.reason} (${letter.urgency})`],
          ['Account', letter.accountId === NO_ACCOUNT ? 'none' : letter.accountId],
          ['To', letter.recipient],
          ['Queued', `${timeOf(letter.queuedAt)} (${TIME_ZONE})`],
          ['Attempts', String(letter.attempts)],
          ...(letter.state === 'waiting' ? [['Next attempt', timeOf(letter.nextAttemptAt)] as const] : []),
          ...(letter.finishedAt ? [['Finished', timeOf(letter.finishedAt)] as const] : []),
          ...(letter.lastError === null ? [] : [['Error', letter.lastError] as const]),
          ...(letter.mergedInto === null ? [] : [['Said with', letter.mergedInto] as const]),
          ...(letter.trace === null ? [] : [['Trace', letter.trace] as const]),
        ]),
        '',
        content.title,
        '',
        ...content.markdown.split('\n'),
      ],
    };
  },
});
