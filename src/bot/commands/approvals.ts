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
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { services, writer, bound, actor } = context;
    const { requests, own } = await readPending(context);
    const buttons = [...requests, ...own].slice(0, MAX_LINES).flatMap(({ code, confirm, requestedBy }) => {
      const isTheirs = requestedBy === actor.staffId;
      const reject = decisionButton(writer, 'reject', code, { named: true, confirm: confirm || isTheirs });
      // Where a second person is demanded, one may only take back what one asked for. (rule 16)
      if (isTheirs && bound.account.twoPerson) return [reject];
      return [decisionButton(writer, 'approve', code, { named: true, confirm }), reject];
    });
    return {
      title: pendingTitle(writer, requests, own),
      paragraphs: [
        ...(requests.length === 0
          ? [writer.text('approvals.none.body')]
          : [pendingLines(writer, requests), writer.text('approvals.how')]),
        ...ownLines(writer, own),
        writer.asOf(services.clock.now(), bound.account.name),
      ],
      buttons: buttons.length > 0 ? buttons : [askButton(writer, 'quota'), askButton(writer, 'balance')],
    };
  },
};

/** What waits: requests, for any administrator; and what the person who asks has yet to confirm, which is no matter of anybody else's. */
export async function readPending({ tx, services, bound, actor }: GroupCommandContext) {
  const pending = await listPending(services, tx, bound.account.id);
  return {
    requests: pending.filter(({ confirm }) => !confirm),
    own: pending.filter(({ confirm, requestedBy }) => confirm && requestedBy === actor.staffId),
  };
}

export function pendingTitle(writer: Writer, requests: readonly Approval[], own: readonly Approval[]): Markdown {
  if (requests.length > 0) return writer.text('approvals.title', { count: requests.length });
  return own.length > 0
    ? writer.text('approvals.own.title', { count: own.length })
    : writer.text('approvals.none.title');
}

/** What one has yet to confirm oneself. */
export function ownLines(writer: Writer, own: readonly Approval[]): Markdown[] {
  if (own.length === 0) return [];
  const told = own.slice(0, MAX_LINES).map(({ code, action, expiresAt }) =>
    writer.text('approvals.own.line', {
      code: writer.name(code),
      action: actionOf(writer, action),
      time: writer.time(expiresAt),
    }),
  );
  return [writer.text('approvals.own'), bullets(told)];
}

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
