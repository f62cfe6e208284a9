import { type DecisionResult, decide, findDecided, listPending } from '../../services/approvals.ts';
import type { Approval } from '../../store/approvals.ts';
import { actionOf, decisionOf, outcomeOf, requesterOf } from '../compose/approvals.ts';
import { askButton, decisionButton } from '../content.ts';
import type { Markdown } from '../markdown.ts';
import { pendingLines } from './approvals.ts';
import { administratorNames, type Command, type GroupCommandContext, isAdministrator, type Reply } from './command.ts';

const CODE = /^[2-9a-hj-np-z]{4}$/;
const MAX_CHOICES = 4;

/** Decides a request, by typed command as by button. (rules 16 to 18) */
export const approve: Command = { name: 'approve', who: 'group', run: (context) => run(context, 'approve') };
export const reject: Command = { name: 'reject', who: 'group', run: (context) => run(context, 'reject') };

async function run(context: GroupCommandContext, decision: 'approve' | 'reject'): Promise<Reply> {
  const { tx, services, writer, bound, actor, argument } = context;
  const code = codeIn(argument);
  if (code === undefined) return choices(context, decision, askFor(context, decision));
  if (!isAdministrator(context)) {
    // Whoever comes late is told what became of it; the card in the group shows it to everyone anyway.
    const decided = await findDecided(tx, bound.account.id, code);
    return decided ? lateReply(context, decided) : notAdministrator(context);
  }
  const result = await decide(services, tx, bound.group, actor, { code, approve: decision === 'approve' });
  switch (result.type) {
    case 'unknown':
      return choices(context, decision, writer.text('decide.unknown', { code: writer.name(code) }));
    case 'late':
      return lateReply(context, result.approval);
    case 'decided':
      return { ...decidedReply(context, result), reviewDue: bound.account.id };
  }
}

function codeIn(argument: string): string | undefined {
  const joined = argument.replaceAll(/[^a-z0-9]/g, '');
  const candidate = CODE.test(joined) ? joined : (argument.split(' ', 1)[0] ?? '');
  return CODE.test(candidate) ? candidate.toUpperCase() : undefined;
}

function askFor({ writer, argument }: GroupCommandContext, decision: 'approve' | 'reject'): Markdown {
  return argument === ''
    ? writer.text(`decide.which.${decision}`)
    : writer.text('decide.no_code', { said: writer.title(argument) });
}

/** What is missing is asked for with what can be chosen. */
async function choices(context: GroupCommandContext, decision: 'approve' | 'reject', first: Markdown): Promise<Reply> {
  const { tx, services, writer, bound } = context;
  const pending = await listPending(services, tx, bound.account.id);
  if (pending.length === 0) {
    return {
      title: writer.text('approvals.none.title'),
      paragraphs: [first, writer.text('approvals.none.body')],
      buttons: [askButton(writer, 'help')],
    };
  }
  return {
    title: writer.text('approvals.title', { count: pending.length }),
    paragraphs: [first, pendingLines(writer, pending)],
    buttons: pending.slice(0, MAX_CHOICES).map(({ code }) => decisionButton(writer, decision, code, { named: true })),
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
  };
}

function lateReply({ writer }: GroupCommandContext, approval: Approval): Reply {
  const { code, action, requesterName, state, deciderName, decidedAt } = approval;
  const what = { code: writer.name(code), action: actionOf(writer, action) };
  return {
    title: writer.text('decide.late.title', what),
    paragraphs: [
      writer.text('decide.late.body', { ...what, requester: requesterOf(writer, requesterName) }),
      state === 'pending' || decidedAt === null ? undefined : decisionOf(writer, { state, deciderName, decidedAt }),
    ],
    buttons: [askButton(writer, 'approvals')],
  };
}

function decidedReply({ writer }: GroupCommandContext, result: DecisionResult & { type: 'decided' }): Reply {
  const { approval, outcome } = result;
  const { code, action, requesterName } = approval;
  const state = approval.state === 'approved' ? 'approved' : 'rejected';
  const what = { code: writer.name(code), action: actionOf(writer, action) };
  return {
    title: writer.text(`approval_decided.${state}.title`, what),
    paragraphs: [
      writer.text(`decide.${state}`, { ...what, requester: requesterOf(writer, requesterName) }),
      state === 'approved' ? outcomeOf(writer, action, outcome) : writer.text(`decide.rejected.${action.type}`),
    ],
    buttons: [askButton(writer, action.type === 'renew' ? 'quota' : 'auto-renew')],
  };
}
