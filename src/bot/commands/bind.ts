import { RuleError } from '../../domain/errors.ts';
import { bindGroup } from '../../services/groups.ts';
import { askButton } from '../content.ts';
import type { Command, CommandContext, Reply } from './command.ts';

const MAX_CODE_LENGTH = 40;

/** Authorizes a group for the account of a binding code; who sends the code becomes the group's administrator. */
export const bind: Command = {
  name: 'bind',
  who: 'anyone',
  run: async ({ tx, services, writer, conversation, actor, argument, bound }: CommandContext): Promise<Reply> => {
    if (bound) return alreadyBound(writer, bound.account.name);
    if (conversation.kind === 'direct') {
      return { title: writer.text('bind.group_only.title'), paragraphs: [writer.text('bind.group_only.body')] };
    }
    const { staffId, name } = actor;
    if (staffId === null) {
      throw new RuleError('identity_unknown', 'Only people of this organization may bind a group.');
    }
    const code = argument.slice(0, MAX_CODE_LENGTH);
    if (code === '') {
      return { title: writer.text('bind.how.title'), paragraphs: [writer.text('bind.how.body')] };
    }
    const result = await bindGroup(services, tx, {
      conversation,
      title: conversation.title ?? '',
      language: writer.language,
      code,
      actor: { staffId, name },
    });
    switch (result.type) {
      case 'bound': {
        const account = writer.name(result.accountName);
        return {
          title: writer.text('bind.bound.title', { account }),
          paragraphs: [
            writer.text('bind.bound.body', { account, administrator: writer.name(name) }),
            writer.text('bind.bound.next'),
          ],
          buttons: [askButton(writer, 'quota'), askButton(writer, 'balance'), askButton(writer, 'help')],
        };
      }
      case 'already_bound':
        return alreadyBound(writer, result.accountName);
      case 'wrong_code':
      case 'too_many_tries':
        return {
          title: writer.text(`bind.refused.${result.type}.title`),
          paragraphs: [writer.text(`bind.refused.${result.type}.body`)],
        };
    }
  },
};

function alreadyBound(writer: CommandContext['writer'], accountName: string): Reply {
  const account = writer.name(accountName);
  return {
    title: writer.text('bind.already_bound.title', { account }),
    paragraphs: [writer.text('bind.already_bound.body', { account })],
    buttons: [askButton(writer, 'help')],
  };
}
