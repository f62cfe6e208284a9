import type { ToldApproval } from '../../services/approval-end.ts';
import { approvalSubject } from '../../services/approval-request.ts';
import { decide, findDecided } from '../../services/approvals.ts';
import type { Approval } from '../../store/approvals.ts';
import { wordsOf } from '../compose/actions/index.ts';
import {
  actionOf,
  againButtons,
  decisionOf,
  decisionTitle,
  outcomeOf,
  reasonOf,
  requesterOf,
  storedDecision,
} from '../compose/approvals.ts';
import { askButton, decisionButton } from '../content.ts';
import type { Markdown } from '../markdown.ts';
import { ownLines, pendingLines, pendingTitle, readPending } from './approvals.ts';
import { administratorNames, type Command, type GroupCommandContext, isAdministrator, type Reply } from './command.ts';

const CODE = /^[2-9a-hj-np-z]{4}$/;
/** A code, and what is said after it. */
const CODE_FIRST = /^([2-9a-hj-np-z]{4})(?![a-z0-9])[\s:,、()-]*(?:(?:原因|理由|因为|because|reason)[\s:,是]*)?/u;
const MAX_CHOICES = 4;

/** Decides a request, by typed command as by button. (rules 16 to 18) */
export const approve: Command = { name: 'approve', who: 'group', run: (context) => run(context, 'approve') };
export const reject: Command = { name: 'reject', who: 'group', run: (context) => run(context, 'reject') };

async function run(context: GroupCommandContext, decision: 'approve' | 'reject'): Promise<Reply> {
  const { tx, services, writer, bound, actor } = context;
  const { code, reason } = said(context);
  if (code === undefined) return choices(context, decision, askFor(context, decision));
  if (!isAdministrator(context)) {
    // Whoever comes late is told what became of it; the card in the group shows it to everyone anyway.
    const decided = await findDecided(tx, bound.account.id, code);
    return decided ? lateReply(context, decided) : notAdministrator(context);
  }
  const approves = decision === 'approve';
  const result = await decide(services, tx, bound.group, actor, {
    code,
    approve: approves,
    ...(approves || reason === '' ? {} : { reason }),
  });
  switch (result.type) {
    case 'unknown':
      return choices(context, decision, writer.text('decide.unknown', { code: writer.name(code) }));
    case 'late':
      return lateReply(context, result.approval);
    case 'reason_added':
      return reasonReply(context, result.approval);
    case 'decided':
      return { ...decidedReply(context, result.approval), reviewDue: bound.account.id };
  }
}

/** The code that is named, and what is said after it, as it was typed. */
function said({ argument, argumentAsTyped }: GroupCommandContext): { code: string | undefined; reason: string } {
  const [start = '', first] = CODE_FIRST.exec(argument) ?? [];
  if (first !== undefined) return { code: first.toUpperCase(), reason: argumentAsTyped.slice(start.length).trim() };
  const joined = argument.replaceAll(/[^a-z0-9]/g, '');
  return { code: CODE.test(joined) ? joined.toUpperCase() : undefined, reason: '' };
}

function askFor({ writer, argument }: GroupCommandContext, decision: 'approve' | 'reject'): Markdown {
  return argument === ''
    ? writer.text(`decide.which.${decision}`)
    : writer.text('decide.no_code', { said: writer.title(argument) });
}

/** What is missing is asked for with what can be chosen. */
async function choices(context: GroupCommandContext, decision: 'approve' | 'reject', first: Markdown): Promise<Reply> {
  const { writer } = context;
  const { requests, own } = await readPending(context);
  const pending = [...requests, ...own];
  if (pending.length === 0) {
    return {
      title: writer.text('approvals.none.title'),
      // Which one is no question where there is none.
      paragraphs: [context.argument === '' ? undefined : first, writer.text('approvals.none.body')],
      buttons: [askButton(writer, 'help')],
    };
  }
  return {
    title: pendingTitle(writer, requests, own),
    paragraphs: [first, requests.length === 0 ? undefined : pendingLines(writer, requests), ...ownLines(writer, own)],
    buttons: pending
      .slice(0, MAX_CHOICES)
      .map(({ code, confirm }) => decisionButton(writer, decision, code, { named: true, confirm })),
  };
}

function notAdministrator({ writer, bound }: GroupCommandContext): Reply {
  return {
    title: writer.text('decide.not_administrator.title'),
    paragraphs: [
      writer.text('decide.not_administrator.body', {
        administrators: administratorNames(writer, bound.administrators),
      }),
    ],
    buttons: [askButton(writer, 'approvals')],
    privately: true,
  };
}

/** To the one who came late alone: the card has changed for everyone. */
function lateReply({ writer }: GroupCommandContext, approval: Approval): Reply {
  const { code } = approval;
  const decision = storedDecision(approval);
  return {
    title: writer.text('decide.late.title', { code: writer.name(code) }),
    paragraphs: [...(decision ? decisionOf(writer, code, decision) : []), writer.text('decide.late.body')],
    buttons: [askButton(writer, 'approvals')],
    privately: true,
  };
}

function reasonReply({ writer }: GroupCommandContext, { code, reason, toCall }: ToldApproval): Reply {
  return {
    title: writer.text('decide.reason_added.title', { code: writer.name(code) }),
    paragraphs: [writer.text('decide.reason_added.body', { code: writer.name(code) }), reasonOf(writer, reason ?? '')],
    buttons: [askButton(writer, 'approvals')],
    ...(toCall ? { alsoCalls: toCall } : {}),
  };
}

function decidedReply({ writer }: GroupCommandContext, approval: ToldApproval): Reply {
  const { id, code, action, requesterName, confirm, state, reason, toCall } = approval;
  const words = wordsOf(action);
  const named = writer.name(code);
  const what = { requester: requesterOf(writer, requesterName), code: named, action: actionOf(writer, action) };
  const isApproved = state === 'approved';
  return {
    title: decisionTitle(writer, code, approval),
    paragraphs: [
      confirm ? undefined : writer.text(isApproved ? 'decide.approved' : 'decide.rejected', what),
      isApproved ? outcomeOf(writer, approval) : words.declined(writer, action),
      reason === null ? undefined : reasonOf(writer, reason),
      isApproved || confirm || reason !== null ? undefined : writer.text('decide.say_why', { code: named }),
    ],
    buttons: [...againButtons(writer, approval), words.next(writer, action)],
    shownOn: [approvalSubject(id)],
    ...(toCall ? { alsoCalls: toCall } : {}),
  };
}
