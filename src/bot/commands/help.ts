import { askButton } from '../content.ts';
import { bullets } from '../markdown.ts';
import type { Command, CommandContext, Reply } from './command.ts';

/** What the bot can do here, or how this group comes to be authorized. */
export const help: Command = {
  name: 'help',
  who: 'anyone',
  run: async ({ writer, bound, conversation }: CommandContext): Promise<Reply> => {
    const introduction = writer.text('help.introduction');
    if (!bound) {
      return {
        title: writer.text('help.title'),
        paragraphs: [
          introduction,
          writer.text(`unauthorized.${conversation.kind}`),
          writer.text('help.other_language'),
        ],
      };
    }
    return {
      title: writer.text('help.title'),
      paragraphs: [
        introduction,
        bullets([
          writer.text('help.balance'),
          writer.text('help.quota'),
          writer.text('help.price'),
          writer.text('help.auto-renew'),
          writer.text('help.approvals'),
        ]),
        writer.text('help.roles'),
        writer.text('help.other_language'),
      ],
      buttons: [askButton(writer, 'balance'), askButton(writer, 'quota'), askButton(writer, 'auto-renew')],
    };
  },
};
