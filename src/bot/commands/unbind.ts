import { requestAction } from '../../services/actions/request.ts';
import { readGroupsOfAccount } from '../../store/groups.ts';
import { groupName } from '../compose/settings.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';
import { requestReply } from './request-reply.ts';

/** Ends the group's authorization, once it is confirmed: the card says what ends with it. */
export const unbind: Command = {
  name: 'unbind',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, writer, bound, actor } = context;
    const { corpId, conversationId, title } = bound.group;
    const groups = await readGroupsOfAccount(tx, bound.account.id);
    const result = await requestAction(services, tx, bound.group, actor, {
      type: 'unbind_group',
      group: { corpId, conversationId, title },
      others: groups.length - 1,
    });
    if (result.type !== 'done') return requestReply(context, result);
    const done = writer.text('outcome.done.unbind_group', { group: groupName(writer, title) });
    return { title: done, paragraphs: [done] };
  },
};
