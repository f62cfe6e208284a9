import { requestAction } from '../../services/actions/request.ts';
import { type Overview, readOverview } from '../../services/overview.ts';
import { readSendingState } from '../../services/sending.ts';
import { afterwards, resumedTitle } from '../compose/limits.ts';
import { stoppedLines } from '../compose/sending.ts';
import { askButton, resumeButton } from '../content.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';
import { requestReply } from './request-reply.ts';

/** Stops sending at once; a member's becomes a request. (rule 16) */
export const pause: Command = {
  name: 'pause',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, writer, bound, actor } = context;
    if (bound.account.pause) {
      const overview = await readOverview(services, tx, bound.account.id);
      return {
        title: writer.text('sending_paused.title'),
        paragraphs: [
          writer.text('sending_paused.already'),
          ...stoppedLines(writer, overview),
          writer.asOf(overview.asOf, bound.account.name),
        ],
        buttons: [resumeButton(writer), askButton(writer, 'balance')],
      };
    }
    const result = await requestAction(services, tx, bound.group, actor, { type: 'pause' });
    if (result.type !== 'done') return requestReply(context, result);
    return {
      title: writer.text('sending_paused.title'),
      paragraphs: [
        writer.text('sending_paused.done'),
        writer.text('sending_paused.next'),
        writer.asOf(services.clock.now(), bound.account.name),
      ],
      buttons: [resumeButton(writer), askButton(writer, 'balance')],
      reviewDue: bound.account.id,
    };
  },
};

/** Lets messages be sent again that a person or a cap has stopped, once it is confirmed. (rule 16) */
export const resume: Command = {
  name: 'resume',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, writer, bound, actor } = context;
    const overview = await readOverview(services, tx, bound.account.id);
    if (!overview.reasons.some((reason) => reason !== 'suspended')) return nothingToResume(context, overview);
    const action = { type: 'resume', pausedAt: null, caps: [], left: [], suspended: false } as const;
    const result = await requestAction(services, tx, bound.group, actor, action);
    if (result.type !== 'done') return requestReply(context, result);
    const { reasons, asOf } = await readSendingState(services, tx, bound.account.id);
    return {
      title: resumedTitle(writer, reasons),
      paragraphs: [...afterwards(writer, reasons), writer.asOf(asOf, bound.account.name)],
      buttons: [askButton(writer, 'balance')],
      reviewDue: bound.account.id,
    };
  },
};

function nothingToResume({ writer, bound }: GroupCommandContext, { reasons, asOf }: Overview): Reply {
  return {
    title: reasons.length === 0 ? writer.text('sending_resumed.title.nothing') : resumedTitle(writer, reasons),
    paragraphs: [
      writer.text('already_so.sending'),
      ...afterwards(writer, reasons),
      writer.asOf(asOf, bound.account.name),
    ],
    buttons: [askButton(writer, 'balance')],
  };
}
