import { readRenewalEpisode } from '../../services/auto-renewal.ts';
import { readHistory } from '../../store/audit.ts';
import { numberOf } from '../arguments/index.ts';
import { historyLine } from '../compose/audit.ts';
import { choiceButton } from '../content.ts';
import { bullets } from '../markdown.ts';
import { commandText } from '../vocabulary.ts';
import { renewalEpisode } from './auto-renew.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

/** More lines than these push the newest ones off a phone's screen. */
const PAGE = 8;
const MAX_PAGE = 1_000n;

/** What was done with the account: renewals with their state, purchases, recharges, decisions, settings; the newest first, by pages. */
export const history: Command = {
  name: 'history',
  who: 'group',
  run: async ({ tx, services, writer, bound, argument }: GroupCommandContext): Promise<Reply> => {
    const wanted = numberOf(argument.replace(/^(第|page) ?| ?页$/gu, ''));
    const isUnderstood = argument === '' || (wanted !== undefined && wanted >= 1n && wanted <= MAX_PAGE);
    const page = isUnderstood ? Number(wanted ?? 1n) : 1;
    const { entries, more } = await readHistory(tx, bound.account.id, { skip: (page - 1) * PAGE, limit: PAGE });
    const episode = page === 1 ? renewalEpisode(writer, await readRenewalEpisode(tx, bound.account.id)) : undefined;
    const link = (label: 'older' | 'newer' | 'first', to: number, index: number) =>
      choiceButton(writer.text(`history.page.${label}`), index, commandText(writer.language, 'history', String(to)));
    return {
      title: writer.text('history.title', { page: writer.number(page) }),
      paragraphs: [
        isUnderstood ? undefined : writer.text('ask.not_understood', { said: writer.title(argument) }),
        episode,
        entries.length === 0
          ? writer.text(page === 1 ? 'history.none' : 'history.beyond', { page: writer.number(page) })
          : bullets(entries.map((entry) => historyLine(writer, entry))),
        writer.asOf(services.clock.now(), bound.account.name),
      ],
      buttons: [
        ...(more ? [link('older', page + 1, 0)] : []),
        ...(page > 1 ? [entries.length === 0 ? link('first', 1, 1) : link('newer', page - 1, 1)] : []),
      ],
    };
  },
};
