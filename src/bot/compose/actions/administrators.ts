import { askButton } from '../../content.ts';
import { groupName } from '../settings.ts';
import type { ActionWords } from './action-words.ts';

export const addAdministratorWords: ActionWords<'add_administrator'> = {
  name: (writer, { person }) => writer.text('action.add_administrator', { person: writer.name(person.name) }),
  effect: (writer, { person, group }) => [
    writer.text('effect.add_administrator', {
      person: writer.name(person.name),
      group: groupName(writer, group.title),
    }),
  ],
  done: (writer, { person }) => writer.text('outcome.done.add_administrator', { person: writer.name(person.name) }),
  declined: (writer) => writer.text('declined.administrators'),
  next: (writer) => askButton(writer, 'admins'),
};

export const removeAdministratorWords: ActionWords<'remove_administrator'> = {
  name: (writer, { person }) => writer.text('action.remove_administrator', { person: writer.name(person.name) }),
  effect: (writer, { person, group }) => [
    writer.text('effect.remove_administrator', {
      person: writer.name(person.name),
      group: groupName(writer, group.title),
    }),
  ],
  done: (writer, { person }) => writer.text('outcome.done.remove_administrator', { person: writer.name(person.name) }),
  declined: (writer) => writer.text('declined.administrators'),
  next: (writer) => askButton(writer, 'admins'),
};
