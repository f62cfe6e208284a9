import { askButton } from '../../content.ts';
import { behindWords, changeOf } from '../settings.ts';
import type { ActionWords } from './action-words.ts';

export const changeSettingsWords: ActionWords<'change_settings'> = {
  name: (writer, action) => {
    const { setting, after } = changeOf(writer, action);
    return writer.text('action.change_settings', { setting, after: behindWords(writer, after) });
  },
  effect: (writer, action) => [
    writer.text('effect.change_settings', changeOf(writer, action)),
    writer.text(`effect.setting.${action.setting}`),
    action.offer &&
      writer.text('effect.setting.offer.price', {
        segments: writer.segments(BigInt(action.offer.segments)),
        price: writer.money(BigInt(action.offer.price)),
      }),
  ],
  done: (writer, action) => writer.text('outcome.done.change_settings', changeOf(writer, action)),
  declined: (writer, action) => {
    const { setting, before } = changeOf(writer, action);
    return writer.text('declined.change_settings', { setting, before: behindWords(writer, before) });
  },
  next: (writer) => askButton(writer, 'settings'),
};
