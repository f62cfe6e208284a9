import type { ActionOf } from '../../../domain/approval.ts';
import type { LeftStops } from '../../../domain/sending-state.ts';
import { valuesOf } from '../../../services/actions/set-limit.ts';
import { askButton } from '../../content.ts';
import { joinMarkdown, type Markdown } from '../../markdown.ts';
import type { Writer } from '../../writer.ts';
import { afterChange, leftLines, limitName, limitValues, stillStopped } from '../limits.ts';
import type { ActionWords } from './action-words.ts';

export const pauseWords: ActionWords<'pause'> = {
  name: (writer) => writer.text('action.pause'),
  effect: (writer) => [writer.text('effect.pause')],
  done: (writer) => writer.text('outcome.done.pause'),
  declined: (writer) => writer.text('declined.pause'),
  next: (writer) => askButton(writer, 'balance'),
};

export const resumeWords: ActionWords<'resume'> = {
  name: (writer) => writer.text('action.resume'),
  effect: (writer, { pausedAt, caps, left, suspended }) => [
    pausedAt === null ? undefined : writer.text('effect.resume.pause'),
    ...caps.map((cap) => writer.text('effect.resume.cap', { limit: limitName(writer, cap) })),
    ...left.map((cap) => writer.text('effect.resume.left', { limit: limitName(writer, cap) })),
    suspended ? writer.text('effect.resume.suspended') : undefined,
  ],
  done: (writer, _action, sending) => {
    if (!sending) return writer.text('outcome.done.resume.lifted');
    const { reasons } = sending;
    if (reasons.length === 0) return writer.text('outcome.done.resume');
    return joinMarkdown([writer.text('outcome.done.resume.still'), ...stillStopped(writer, reasons)], '\n\n');
  },
  declined: (writer) => writer.text('declined.resume'),
  next: (writer, { left }) => askButton(writer, left.length > 0 ? 'limits' : 'balance'),
};

export const setLimitWords: ActionWords<'set_limit'> = {
  name: (writer, action) => {
    const { limit, after } = changeOf(writer, action);
    return writer.text('action.set_limit', { limit, after });
  },
  effect: (writer, action) => [
    writer.text('effect.set_limit', changeOf(writer, action)),
    action.unit === 'money' && action.after !== null ? writer.text('effect.set_limit.money') : undefined,
    ...(action.lifts ? liftedBy(writer, action.left) : []),
  ],
  done: (writer, action, sending) =>
    joinMarkdown(
      [
        writer.text('outcome.done.set_limit', changeOf(writer, action)),
        ...(sending ? afterChange(writer, sending) : []),
      ],
      '\n\n',
    ),
  declined: (writer, action) => {
    const { limit, before } = changeOf(writer, action);
    return writer.text('declined.set_limit', { limit, before });
  },
  next: (writer) => askButton(writer, 'limits'),
};

/** What lifting a cap comes to: messages are sent, unless something else stops them. (rule 9) */
function liftedBy(writer: Writer, left: LeftStops | undefined): Markdown[] {
  const lines = leftLines(writer, left);
  return lines.length === 0
    ? [writer.text('effect.set_limit.lifts')]
    : [writer.text('effect.set_limit.lifts.alone'), ...lines];
}

/** A cap and its values before and after, for the texts that show a change. */
export function changeOf(writer: Writer, action: ActionOf<'set_limit'>) {
  return {
    limit: limitName(writer, action),
    before: limitValues(writer, action.unit, valuesOf(action.before)),
    after: limitValues(writer, action.unit, valuesOf(action.after)),
  };
}
