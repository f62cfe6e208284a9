import { askButton } from '../../content.ts';
import type { ActionWords } from './action-words.ts';

export const setTwoPersonWords: ActionWords<'set_two_person'> = {
  name: (writer, { enabled }) => writer.text(`action.two_person_${enabled ? 'on' : 'off'}`),
  effect: (writer, { enabled }) => [writer.text(`effect.two_person_${enabled ? 'on' : 'off'}`)],
  done: (writer, { enabled }) => writer.text(`outcome.done.two_person_${enabled ? 'on' : 'off'}`),
  declined: (writer, { enabled }) => writer.text(`declined.two_person_${enabled ? 'on' : 'off'}`),
  next: (writer) => askButton(writer, 'approvals'),
};
