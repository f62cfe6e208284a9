import type { Announcement } from '../../domain/announcement.ts';
import type { ApprovalAction } from '../../domain/approval.ts';
import type { Audience } from '../../services/context.ts';
import type { Approval, NewApproval } from '../../store/approvals.ts';
import { type Draft, decisionButton } from '../content.ts';
import { chatError } from '../errors.ts';
import type { Markdown } from '../markdown.ts';
import { Writer } from '../writer.ts';
import { wordsOf } from './actions/index.ts';

const APPROVALS = ['approval_requested', 'approval_reminder', 'approval_decided'] as const;
type ApprovalNews = Extract<Announcement, { kind: (typeof APPROVALS)[number] }>;
type Of<K extends ApprovalNews['kind']> = Extract<ApprovalNews, { kind: K }>;
/** A decision, as it was announced or as it is stored. */
type Decision = Pick<Of<'approval_decided'>, 'action' | 'confirm' | 'outcome' | 'reason' | 'problem'> &
  Pick<Of<'approval_decided'>, 'state' | 'deciderName' | 'decidedAt'>;

export function isApproval(announcement: Announcement): announcement is ApprovalNews {
  return APPROVALS.some((kind) => kind === announcement.kind);
}

/** A request for the administrators to decide, a reminder of it, and the same card once it is decided. (rules 16 and 17) */
export function composeApproval(writer: Writer, news: ApprovalNews): Draft {
  return news.kind === 'approval_decided' ? decided(writer, news) : requested(writer, news);
}

function requested(writer: Writer, news: Of<'approval_requested' | 'approval_reminder'>): Draft {
  const { action, expiresAt, requesterName } = news;
  const code = writer.name(news.code);
  const requester = requesterOf(writer, requesterName);
  const time = writer.time(expiresAt);
  const what = { code, requester, action: actionOf(writer, action) };
  return {
    title:
      news.kind === 'approval_reminder'
        ? writer.text('approval_reminder.title', { ...what, time })
        : writer.text('approval_requested.title', what),
    paragraphs: [
      news.kind === 'approval_reminder' ? writer.text('approval_reminder.body', { time }) : undefined,
      requesterName === null ? undefined : writer.text('approval_requested.who', what),
      ...wordsOf(action).effect(writer, action),
      news.secondPerson && requesterName !== null ? writer.text('approval_requested.second_person') : undefined,
      writer.text('approval_requested.until', { code, time }),
    ],
    buttons: [decisionButton(writer, 'approve', news.code), decisionButton(writer, 'reject', news.code)],
  };
}

/** What an administrator asked for, to be confirmed by one press. (rule 16) */
export function confirmCard(writer: Writer, { code, action, expiresAt }: NewApproval): Draft {
  const words = wordsOf(action);
  const named = writer.name(code);
  return {
    title: writer.text('confirm.title', { code: named, action: actionOf(writer, action) }),
    paragraphs: [
      ...words.effect(writer, action),
      words.note?.(writer, action),
      writer.text('confirm.until', { code: named, time: writer.time(expiresAt) }),
    ],
    buttons: [
      decisionButton(writer, 'approve', code, { confirm: true }),
      ...(words.options?.(writer, action) ?? []),
      decisionButton(writer, 'reject', code, { confirm: true }),
    ],
  };
}

/** No buttons, so that the card cannot be decided again, and no mentions: who decided knows. */
function decided(writer: Writer, news: Of<'approval_decided'>): Draft {
  const { action, confirm } = news;
  const code = writer.name(news.code);
  return {
    title: decisionTitle(writer, news.code, news),
    paragraphs: [
      writer.text(confirm ? 'approval_decided.own' : 'approval_decided.request', {
        code,
        requester: requesterOf(writer, news.requesterName),
        action: actionOf(writer, action),
      }),
      ...decisionOf(writer, news),
    ],
    mentions: [],
  };
}

/** What was decided, in a few words. */
export function decisionTitle(writer: Writer, code: string, { action, confirm, state }: Decision): Markdown {
  return writer.text(`approval_decided.${stateWord(state, confirm)}.title`, {
    code: writer.name(code),
    action: actionOf(writer, action),
  });
}

/** Who decided what and when, why, and what came of it. */
export function decisionOf(writer: Writer, decision: Decision): (Markdown | undefined)[] {
  const { action, state, confirm, deciderName, decidedAt, reason } = decision;
  const time = writer.time(decidedAt);
  return [
    writer.text(`approval_decided.${stateWord(state, confirm)}.body`, {
      decider: deciderName === null ? writer.text('somebody') : writer.name(deciderName),
      time,
    }),
    reason === null ? undefined : reasonOf(writer, reason),
    state === 'approved' || state === 'closed' ? outcomeOf(writer, decision) : undefined,
    state === 'rejected' ? wordsOf(action).declined(writer, action) : undefined,
  ];
}

/** The decision of an approval that has ended, as it is stored; undefined while it waits. */
export function storedDecision(approval: Approval): Decision | undefined {
  const { state, decidedAt, outcome } = approval;
  if (state === 'pending' || decidedAt === null || outcome === null) return undefined;
  return { ...approval, state, decidedAt, outcome };
}

/** Why it was rejected, in the words of who did. */
export function reasonOf(writer: Writer, reason: string): Markdown {
  return writer.text('approval_decided.reason', { reason: writer.remark(reason) });
}

function stateWord(state: Decision['state'], confirm: boolean) {
  if (!confirm) return state;
  return state === 'approved' ? 'confirmed' : state === 'rejected' ? 'cancelled' : state;
}

/** What came of an approved action. */
export function outcomeOf(writer: Writer, { action, outcome, problem }: Decision): Markdown {
  if (outcome === 'done') return wordsOf(action).done(writer, action);
  const why = problem ? chatError(writer, problem) : undefined;
  if (outcome === 'not_carried_out' && why) return writer.text('outcome.not_carried_out.because', { why });
  return writer.text(`outcome.${outcome}`);
}

/** What an approval is about, in a few words. */
export function actionOf(writer: Writer, action: ApprovalAction): Markdown {
  return wordsOf(action).name(writer, action);
}

/** The same, as plain text in the words of its audience. */
export function summarizeAction(action: ApprovalAction, audience: Audience): string {
  return actionOf(new Writer(audience), action);
}

/** Who asked; nobody means auto-renewal itself. */
export function requesterOf(writer: Writer, name: string | null): Markdown {
  return name === null ? writer.text('requester.auto_renewal') : writer.name(name);
}
