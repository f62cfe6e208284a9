import type { RequestResult } from '../../services/actions/request.ts';
import { approvalSubject } from '../../services/approval-request.ts';
import { type Administrator, readAdministrators, readGroupsOfAccount } from '../../store/groups.ts';
import { actionOf, confirmCard } from '../compose/approvals.ts';
import { askButton } from '../content.ts';
import { administratorNames, type GroupCommandContext, type Reply } from './command.ts';

/**
 * What is answered to something that needs an administrator and was not done at once: a card to confirm, or whom it waits for. What was
 * done, the command itself says. (rule 16)
 */
export async function requestReply(
  context: GroupCommandContext,
  result: Exclude<RequestResult, { type: 'done' }>,
): Promise<Reply> {
  const { writer, bound, services } = context;
  const { approval } = result;
  if (result.type === 'confirm') {
    const card = confirmCard(writer, approval);
    const asOf = writer.asOf(services.clock.now(), bound.account.name);
    return { ...card, paragraphs: [...card.paragraphs, asOf], subject: approvalSubject(approval.id) };
  }
  const code = writer.name(approval.code);
  return {
    title: writer.text('requested.title', { code }),
    paragraphs: [
      writer.text('requested.body', {
        code,
        action: actionOf(writer, approval.action),
        administrators: administratorNames(writer, await deciders(context, result)),
        time: writer.time(approval.expiresAt),
      }),
      result.secondPerson ? writer.text('requested.second_person') : undefined,
    ],
    buttons: [askButton(writer, 'approvals')],
  };
}

/** Who can decide it: the group's own administrators, or else, where a second person is demanded and there is none, those of the other groups. */
async function deciders(
  { tx, bound, actor }: GroupCommandContext,
  { secondPerson }: { readonly secondPerson: boolean },
): Promise<Administrator[]> {
  const mayDecide = ({ staffId }: Administrator) => !secondPerson || staffId !== actor.staffId;
  const here = bound.administrators.filter(mayDecide);
  if (here.length > 0) return here;
  const people = new Map<string, Administrator>();
  for (const group of await readGroupsOfAccount(tx, bound.account.id)) {
    for (const person of (await readAdministrators(tx, group)).filter(mayDecide)) people.set(person.staffId, person);
  }
  return [...people.values()];
}
