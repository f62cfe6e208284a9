import type { Announcement, DecidedRequest } from '../../domain/announcement.ts';
import type { ApprovalAction } from '../../domain/approval.ts';
import type { Audience } from '../../services/context.ts';
import type { Approval, NewApproval } from '../../store/approvals.ts';
import type { NoticeButton } from '../../store/notices.ts';
import { type Draft, decisionButton } from '../content.ts';
import { chatError } from '../errors.ts';
import type { Markdown } from '../markdown.ts';
import { Writer } from '../writer.ts';
import { wordsOf } from './actions/index.ts';

const APPROVALS = ['approval_requested', 'approval_reminder', 'approval_decided', 'request_decided'] as const;
type ApprovalNews = Extract<Announcement, { kind: (typeof APPROVALS)[number] }>;
type Of<K extends ApprovalNews['kind']> = Extract<ApprovalNews, { kind: K }>;
/** A decision, as it was announced or as it is stored. */
type Decision = DecidedRequest;

export function isApproval(announcement: Announcement): announcement is ApprovalNews {
  return APPROVALS.some((kind) => kind === announcement.kind);
}

/** A request for the administrators to decide, a reminder of it, the same card once it is decided, and what who asked is told. (rules 16 and 17) */
export function composeApproval(writer: Writer, news: ApprovalNews): Draft {
  switch (news.kind) {
    case 'approval_decided':
      return decided(writer, news);
    case 'request_decided':
      return toldToRequester(writer, news);
    default:
      return requested(writer, news);
  }
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

/**
 * What answers the click that decided it: with nothing to decide again, with what to do where it failed, and without mentions, because
 * who decided knows, and a card that changes calls nobody.
 */
function decided(writer: Writer, news: DecidedRequest): Draft {
  const { state, confirm, reason, deciderName } = news;
  const mayExplain = state === 'rejected' && !confirm && reason === null && deciderName !== null;
  return {
    title: decisionTitle(writer, news.code, news),
    paragraphs: [
      ...decisionOf(writer, news.code, news),
      mayExplain
        ? writer.text('approval_decided.say_why', { decider: writer.name(deciderName), code: writer.name(news.code) })
        : undefined,
    ],
    buttons: againButtons(writer, news),
    mentions: [],
  };
}

/** Who asked is called by it, so that they notice. */
function toldToRequester(writer: Writer, news: DecidedRequest): Draft {
  const { action, state, code, requesterName, deciderName, reason } = news;
  const again = againButtons(writer, news);
  const what = { code: writer.name(code), action: actionOf(writer, action) };
  return {
    title: writer.text(`request_decided.${state}.title`, what),
    paragraphs: [
      writer.text(`request_decided.${state}`, {
        ...what,
        requester: requesterOf(writer, requesterName),
        decider: deciderName === null ? writer.text('somebody') : writer.name(deciderName),
      }),
      reason === null ? undefined : reasonOf(writer, reason),
      state === 'approved' || state === 'closed' ? outcomeOf(writer, news) : wordsOf(action).declined(writer, action),
    ],
    buttons: again.length > 0 || state !== 'approved' ? again : [wordsOf(action).next(writer, action)],
  };
}

/** Asks for the same as things are now, where what was approved could not be carried out. */
export function againButtons(writer: Writer, { action, state, outcome }: DecidedRequest): NoticeButton[] {
  if (state !== 'approved' || (outcome !== 'price_changed' && outcome !== 'not_carried_out')) return [];
  const again = wordsOf(action).again?.(writer, action);
  return again ? [again] : [];
}

/** What was decided, in a few words. */
export function decisionTitle(writer: Writer, code: string, decision: Decision): Markdown {
  return writer.text(`approval_decided.${stateWord(decision)}.title`, {
    code: writer.name(code),
    action: actionOf(writer, decision.action),
  });
}

/** Who decided what and when, why, and what came of it. */
export function decisionOf(writer: Writer, code: string, decision: Decision): (Markdown | undefined)[] {
  const { action, state, deciderName, requesterName, decidedAt, outcome, reason } = decision;
  return [
    // What took its place says it all.
    outcome === 'replaced'
      ? undefined
      : writer.text(`approval_decided.${stateWord(decision)}.body`, {
          decider: deciderName === null ? writer.text('somebody') : writer.name(deciderName),
          requester: requesterOf(writer, requesterName),
          code: writer.name(code),
          action: actionOf(writer, action),
          time: writer.time(decidedAt),
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

const OWN = { approved: 'confirmed', rejected: 'cancelled', expired: 'lapsed', closed: 'closed' } as const;

function stateWord({ state, confirm, outcome }: Decision) {
  if (outcome === 'replaced') return 'lapsed';
  return confirm ? OWN[state] : state;
}

/** What came of an approved action. */
export function outcomeOf(writer: Writer, { action, outcome, problem, sending }: Decision): Markdown {
  if (outcome === 'done') return wordsOf(action).done(writer, action, sending);
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
