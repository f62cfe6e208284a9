import { listPending } from '../../services/approvals.ts';
import type { Approval } from '../../store/approvals.ts';
import { actionOf, requesterOf } from '../compose/approvals.ts';
import { askButton, decisionButton } from '../content.ts';
import { bullets, joinMarkdown, type Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

/** Requests that are shown, each with its two buttons; those that expire first are the ones to decide now. */
const MAX_LINES = 10;

/** What waits for an administrator. */
export const approvals: Command = {
  name: 'approvals',
  who: 'group',
  run: async ({ tx, services, writer, bound }: GroupCommandContext): Promise<Reply> => {
    const pending = await listPending(services, tx, bound.account.id);
    const asOf = writer.asOf(services.clock.now(), bound.account.name);
    if (pending.length === 0) {
      return {
        title: writer.text('approvals.none.title'),
        paragraphs: [writer.text('approvals.none.body'), asOf],
        buttons: [askButton(writer, 'quota'), askButton(writer, 'balance')],
      };
    }
    return {
      title: writer.text('approvals.title', { count: pending.length }),
      paragraphs: [pendingLines(writer, pending), writer.text('approvals.how'), asOf],
      buttons: pending
        .slice(0, MAX_LINES)
        .flatMap(({ code, confirm }) => [
          decisionButton(writer, 'approve', code, { named: true, confirm }),
          decisionButton(writer, 'reject', code, { named: true, confirm }),
        ]),
    };
  },
};

/** Requests, a line each. */
export function pendingLines(writer: Writer, pending: readonly Approval[]): Markdown {
  const lines = bullets(
    pending.slice(0, MAX_LINES).map(({ code, action, requesterName, expiresAt }) =>
      writer.text('approvals.line', {
        code: writer.name(code),
        action: actionOf(writer, action),
        requester: requesterOf(writer, requesterName),
        time: writer.time(expiresAt),
      }),
    ),
  );
  const more = pending.length - MAX_LINES;
  return joinMarkdown([lines, more > 0 ? writer.text('approvals.more', { count: more }) : undefined], '\n\n');
}
