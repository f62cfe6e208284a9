import { z } from 'zod';
import { issueGroupCode } from '../../services/groups.ts';
import { inTransaction } from '../../store/database.ts';
import { findAccount } from '../accounts.ts';
import { defineCommand } from '../command.ts';
import { formatTime } from '../output.ts';

export const groupCode = defineCommand({
  name: 'group code',
  about: 'Issue a code that authorizes one DingTalk group for an account',
  arguments: [{ name: 'ACCOUNT', about: 'its id or name' }],
  input: z.object({ ACCOUNT: z.string() }),
  run: async (session, { ACCOUNT }) => {
    const { db, context } = session;
    const { id, name, timeZone } = await findAccount(session, ACCOUNT);
    const { code, expiresAt } = await inTransaction(db, (tx) => issueGroupCode(context, tx, id));
    return {
      json: { accountId: id, code, expiresAt: expiresAt.toString() },
      lines: [
        code,
        `In the group, say "绑定 ${code}" or "bind ${code}" to the bot before ${formatTime(expiresAt, timeZone)}.`,
        `Whoever says it becomes the administrator of the group for "${name}". The code works once.`,
      ],
    };
  },
});
