import { askButton } from '../../content.ts';
import { bullets } from '../../markdown.ts';
import { groupName } from '../settings.ts';
import type { ActionWords } from './action-words.ts';

export const unbindGroupWords: ActionWords<'unbind_group'> = {
  name: (writer, { group }) => writer.text('action.unbind_group', { group: groupName(writer, group.title) }),
  effect: (writer, { group, others }) => [
    writer.text('effect.unbind_group', { group: groupName(writer, group.title) }),
    bullets([
      writer.text('effect.unbind_group.answers'),
      writer.text('effect.unbind_group.alerts'),
      writer.text('effect.unbind_group.administrators'),
      writer.text('effect.unbind_group.stays'),
    ]),
    others === 0
      ? writer.text('effect.unbind_group.last')
      : writer.text('effect.unbind_group.others', { count: others }),
  ],
  done: (writer, { group }) => writer.text('outcome.done.unbind_group', { group: groupName(writer, group.title) }),
  declined: (writer, { group }) => writer.text('declined.unbind_group', { group: groupName(writer, group.title) }),
  next: (writer) => askButton(writer, 'help'),
};
