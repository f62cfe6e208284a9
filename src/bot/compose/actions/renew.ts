import { askButton } from '../../content.ts';
import type { ActionWords } from './action-words.ts';

export const renewWords: ActionWords<'renew'> = {
  name: (writer, { offerTitle, price }) =>
    writer.text('action.renew', { plan: writer.title(offerTitle), price: writer.money(BigInt(price)) }),
  effect: (writer, { offerTitle, segments, price }) => [
    writer.text('effect.renew', {
      plan: writer.title(offerTitle),
      segments: writer.segments(BigInt(segments)),
      price: writer.money(BigInt(price)),
    }),
  ],
  done: (writer) => writer.text('outcome.done.renew'),
  declined: (writer) => writer.text('declined.renew'),
  next: (writer) => askButton(writer, 'quota'),
};
