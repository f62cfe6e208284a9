import { renewalPrice } from '../../domain/plan.ts';
import type { OpenRenewal } from '../../domain/renewal.ts';
import { requestAction } from '../../services/actions/request.ts';
import { type AutoRenewal, readAutoRenewal, readRenewalEpisode } from '../../services/auto-renewal.ts';
import { askFor } from '../ask.ts';
import { autoRenewalPromise } from '../compose/receipts.ts';
import { askButton, switchButton } from '../content.ts';
import { bullets, type Markdown } from '../markdown.ts';
import { announcedChange, offerTrouble } from '../offer-words.ts';
import { SWITCH_WORDS, type SwitchState, switchOf } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import { type Command, type GroupCommandContext, isAdministrator, type Reply } from './command.ts';
import { requestReply } from './request-reply.ts';

/**
 * Shows auto-renewal, and switches it. An administrator's switch is carried out at once, because the button in the answer undoes it;
 * a member's becomes a request. (rules 11 and 16)
 */
export const autoRenew: Command = {
  name: 'auto-renew',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, writer, bound, actor, argument } = context;
    const current = await readAutoRenewal(tx, bound.account.id, services.clock.now());
    const wanted = switchOf(argument);
    if (wanted === undefined) return argument === '' ? stateReply(context, current) : whichState(context, current);
    if (current.policy.enabled === (wanted === 'on')) {
      return stateReply(context, current, writer.text(`auto_renewal.already_${wanted}`));
    }
    const result = await requestAction(services, tx, bound.group, actor, {
      type: 'switch_auto_renewal',
      enabled: wanted === 'on',
    });
    return result.type === 'done' ? switched(context, current, wanted) : requestReply(context, result);
  },
};

function whichState(context: GroupCommandContext, { policy }: AutoRenewal): Reply {
  const { writer } = context;
  return askFor(context, {
    command: 'auto-renew',
    title: writer.text('auto_renewal.which.title'),
    paragraphs: [writer.text(`auto_renewal.${policy.enabled ? 'on' : 'off'}.state`), writer.text('auto_renewal.which')],
    choices: (['on', 'off'] as const).map((state) => ({
      label: writer.text(`button.auto-renew.${state}`),
      argument: SWITCH_WORDS[state][writer.language][0],
    })),
  });
}

function switched({ services, writer, bound }: GroupCommandContext, before: AutoRenewal, now: SwitchState): Reply {
  return {
    title: writer.text(`auto_renewal.${now}.title`),
    paragraphs: [
      writer.text(`auto_renewal.${now}.done`),
      now === 'on'
        ? autoRenewalPromise(writer, before.policy.threshold, before.offer?.title ?? null)
        : writer.text('auto_renewal.off.next'),
      writer.asOf(services.clock.now(), bound.account.name),
    ],
    buttons: [switchButton(writer, now === 'on' ? 'off' : 'on', 'plain'), askButton(writer, 'quota')],
    reviewDue: bound.account.id,
  };
}

async function stateReply(context: GroupCommandContext, current: AutoRenewal, first?: Markdown): Promise<Reply> {
  const { tx, services, writer, bound } = context;
  const { policy, offer } = current;
  const state = policy.enabled ? 'on' : 'off';
  return {
    title: writer.text(`auto_renewal.${state}.title`),
    paragraphs: [
      first ?? writer.text(`auto_renewal.${state}.state`),
      policy.enabled ? renewalEpisode(writer, await readRenewalEpisode(tx, bound.account.id)) : undefined,
      renewalSettings(writer, current),
      offerTrouble(writer, current),
      policy.enabled ? undefined : writer.text(offer ? 'auto_renewal.off.next' : 'error.offer_missing'),
      isAdministrator(context) ? undefined : writer.text('auto_renewal.members_ask'),
      writer.asOf(services.clock.now(), bound.account.name),
    ],
    buttons: [
      ...(policy.enabled || offer ? [switchButton(writer, policy.enabled ? 'off' : 'on', 'primary')] : []),
      askButton(writer, 'quota'),
    ],
  };
}

/** What keeps a renewal that is due from being bought. (rules 13 and 14) */
export function renewalEpisode(writer: Writer, open: OpenRenewal | null): Markdown | undefined {
  if (!open) return undefined;
  if (open.state === 'requested') return writer.text('auto_renewal.episode.requested');
  if (open.reason === 'offer_not_sold' || open.reason === 'offer_too_small') {
    return writer.text('auto_renewal.episode.needs_offer');
  }
  if (!open.nextAttemptAt) return writer.text('auto_renewal.episode.rejected');
  const time = writer.time(open.nextAttemptAt);
  return writer.text(open.state === 'failed' ? 'auto_renewal.episode.failed' : 'auto_renewal.episode.stopped', {
    time,
  });
}

/** When it buys, what, and within which limits. (rule 13) */
export function renewalSettings(writer: Writer, { policy, offer, isSold, next }: AutoRenewal): Markdown | undefined {
  if (!offer) return undefined;
  return bullets([
    writer.text('auto_renewal.trigger', { threshold: writer.segments(policy.threshold) }),
    writer.text('auto_renewal.offer', {
      plan: writer.title(offer.title),
      segments: writer.segments(offer.segments),
      price: writer.money(renewalPrice(offer)),
    }),
    isSold ? announcedChange(writer, offer, next) : undefined,
    writer.text('auto_renewal.guards', {
      perDay: writer.number(policy.purchasesPerDay),
      perMonth: writer.number(policy.purchasesPerMonth),
    }),
    policy.moneyPerMonth === null
      ? undefined
      : writer.text('auto_renewal.money_guard', { amount: writer.money(policy.moneyPerMonth) }),
    policy.approvalAbove === null
      ? undefined
      : writer.text('auto_renewal.approval_guard', { amount: writer.money(policy.approvalAbove) }),
  ]);
}
