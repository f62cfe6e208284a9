import type { Announcement } from '../../domain/announcement.ts';
import type { ApprovalAction } from '../../domain/approval.ts';
import { type Draft, decisionButton } from '../content.ts';
import type { Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';

type ApprovalNews = Extract<Announcement, { kind: 'approval_requested' | 'approval_decided' }>;
type Of<K extends ApprovalNews['kind']> = Extract<ApprovalNews, { kind: K }>;

export function isApproval(announcement: Announcement): announcement is ApprovalNews {
  return announcement.kind === 'approval_requested' || announcement.kind === 'approval_decided';
}

/** A request for the administrators to decide, and the same card once it is decided. (rules 16 and 17) */
export function composeApproval(writer: Writer, news: ApprovalNews): Draft {
  return news.kind === 'approval_requested' ? requested(writer, news) : decided(writer, news);
}

function requested(writer: Writer, news: Of<'approval_requested'>): Draft {
  const { action, expiresAt } = news;
  const code = writer.name(news.code);
  const requester = requesterOf(writer, news.requesterName);
  return {
    title: writer.text('approval_requested.title', { code, requester, action: actionOf(writer, action) }),
    paragraphs: [
      action.type === 'renew'
        ? writer.text('approval_requested.renew', {
            plan: writer.title(action.offerTitle),
            segments: writer.segments(BigInt(action.segments)),
            price: writer.money(BigInt(action.price)),
          })
        : writer.text(`approval_requested.switch_${action.enabled ? 'on' : 'off'}`, { requester }),
      writer.text('approval_requested.until', { code, time: writer.time(expiresAt) }),
    ],
    buttons: [decisionButton(writer, 'approve', news.code), decisionButton(writer, 'reject', news.code)],
  };
}

/** No buttons, so that the card cannot be decided again, and no mentions: who decided knows. */
function decided(writer: Writer, news: Of<'approval_decided'>): Draft {
  const { action, state, outcome } = news;
  const code = writer.name(news.code);
  return {
    title: writer.text(`approval_decided.${state}.title`, { code, action: actionOf(writer, action) }),
    paragraphs: [
      writer.text('approval_decided.request', {
        code,
        requester: requesterOf(writer, news.requesterName),
        action: actionOf(writer, action),
      }),
      decisionOf(writer, news),
      state === 'approved' ? outcomeOf(writer, action, outcome) : undefined,
    ],
    mentions: [],
  };
}

/** Who decided what and when, in a sentence. */
export function decisionOf(
  writer: Writer,
  decision: Pick<Of<'approval_decided'>, 'state' | 'deciderName' | 'decidedAt'>,
): Markdown {
  return writer.text(`approval_decided.${decision.state}.body`, {
    decider: decision.deciderName === null ? writer.text('somebody') : writer.name(decision.deciderName),
    time: writer.time(decision.decidedAt),
  });
}

/** What came of an approved action. */
export function outcomeOf(
  writer: Writer,
  action: ApprovalAction,
  outcome: Of<'approval_decided'>['outcome'],
): Markdown {
  if (outcome !== 'done') return writer.text(`outcome.${outcome}`);
  if (action.type === 'renew') return writer.text('outcome.done.renew', { plan: writer.title(action.offerTitle) });
  return writer.text(`outcome.done.switch_${action.enabled ? 'on' : 'off'}`);
}

/** What an approval is about, in a few words. */
export function actionOf(writer: Writer, action: ApprovalAction): Markdown {
  if (action.type === 'switch_auto_renewal') return writer.text(`action.switch_${action.enabled ? 'on' : 'off'}`);
  return writer.text('action.renew', {
    plan: writer.title(action.offerTitle),
    price: writer.money(BigInt(action.price)),
  });
}

/** Who asked; nobody means auto-renewal itself. */
export function requesterOf(writer: Writer, name: string | null): Markdown {
  return name === null ? writer.text('requester.auto_renewal') : writer.name(name);
}
