import type { RequestResult } from '../../services/actions/request.ts';
import { approvalSubject } from '../../services/approval-request.ts';
import { actionOf, confirmCard } from '../compose/approvals.ts';
import { askButton } from '../content.ts';
import { administratorNames, type GroupCommandContext, type Reply } from './command.ts';

/**
 * What is answered to something that needs an administrator and was not done at once: a card to confirm, or whom it waits for. What was
 * done, the command itself says. (rule 16)
 */
export function requestReply(
  { writer, bound, services, actor }: GroupCommandContext,
  result: Exclude<RequestResult, { type: 'done' }>,
): Reply {
  const { approval } = result;
  if (result.type === 'confirm') {
    const card = confirmCard(writer, approval);
    const asOf = writer.asOf(services.clock.now(), bound.account.name);
    return { ...card, paragraphs: [...card.paragraphs, asOf], subject: approvalSubject(approval.id) };
  }
  const others = bound.administrators.filter(({ staffId }) => !result.secondPerson || staffId !== actor.staffId);
  const code = writer.name(approval.code);
  return {
    title: writer.text('requested.title', { code }),
    paragraphs: [
      writer.text('requested.body', {
        code,
        action: actionOf(writer, approval.action),
        administrators: administratorNames(writer, others),
        time: writer.time(approval.expiresAt),
      }),
      result.secondPerson ? writer.text('requested.second_person') : undefined,
    ],
    buttons: [askButton(writer, 'approvals')],
  };
}
