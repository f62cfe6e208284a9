import { z } from 'zod';
import { NOTICE_STATES, readLetters } from '../../store/notice-letters.ts';
import { NO_ACCOUNT } from '../../store/notices.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { table } from '../output.ts';
import { letterToJson, TIME_ZONE, timeOf } from './notices-output.ts';

export const noticesList = defineCommand({
  name: 'notices list',
  about: 'Show notices, the newest first; with --state dead those that nobody got',
  options: {
    state: { value: 'STATE', about: `${NOTICE_STATES.join(', ')}; all, if left out` },
    account: { value: 'ACCOUNT', about: 'its id or name; all accounts, if left out' },
    limit: { value: 'NUMBER', about: 'how many at most; 50, if left out' },
  },
  input: z.object({
    state: z.enum(NOTICE_STATES).optional(),
    account: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(50),
  }),
  run: async (session, { state, account, limit }) => {
    const accountId = account === undefined ? undefined : (await findAccount(session, account)).id;
    const letters = await readLetters(session.db.kysely, { state, accountId }, limit);
    const json = letters.map(letterToJson);
    if (letters.length === 0) return { json, lines: ['There is no such notice.'] };
    const rows = letters.map((letter) => [
      letter.id,
      letter.state,
      letter.reason,
      letter.accountId === NO_ACCOUNT ? '' : letter.accountId,
      timeOf(letter.queuedAt),
      String(letter.attempts),
      letter.lastError ?? letter.content.title,
    ]);
    const head = ['ID', 'STATE', 'WHY', 'ACCOUNT', `QUEUED (${TIME_ZONE})`, 'ATTEMPTS', 'ERROR OR TITLE'];
    return { json, lines: table([head, ...rows], [5]) };
  },
});
