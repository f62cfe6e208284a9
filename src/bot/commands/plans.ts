import { consumptionOrder, planStateOf } from '../../domain/plan.ts';
import { readRenewalEpisode } from '../../services/auto-renewal.ts';
import { readOverview } from '../../services/overview.ts';
import { type RecentPlan, readRecentPlans } from '../../store/plan-history.ts';
import { bar } from '../bar.ts';
import { askButton, switchButton } from '../content.ts';
import { bullets, lines, type Markdown } from '../markdown.ts';
import { offerTrouble } from '../offer-words.ts';
import type { Writer } from '../writer.ts';
import { renewalEpisode, renewalSettings } from './auto-renew.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

/** A plan that ended is shown for so long. */
const SHOWN_AFTER_END = Temporal.Duration.from({ hours: 24 * 30 });
const MAX_PLANS = 8;
const MAX_ENDED = 5;

/** Every plan with what is left of it, when it ends, what it cost and where it came from, and how auto-renewal is set. */
export const plans: Command = {
  name: 'plans',
  who: 'group',
  run: async ({ tx, services, writer, bound }: GroupCommandContext): Promise<Reply> => {
    const overview = await readOverview(services, tx, bound.account.id);
    const { asOf, policy, offer } = overview;
    const known = await readRecentPlans(tx, bound.account.id, asOf.subtract(SHOWN_AFTER_END));
    const isActive = (plan: RecentPlan) => planStateOf(plan, asOf) === 'active';
    const active = known.filter(isActive).toSorted(consumptionOrder);
    const ended = known.filter((plan) => !isActive(plan)).toSorted((a, b) => (endOf(a) < endOf(b) ? 1 : -1));
    const quota = writer.segments(overview.quota);
    const state = policy.enabled ? 'on' : 'off';
    return {
      title: writer.text('plans.title', { count: active.length, quota }),
      paragraphs: [
        active.length === 0 ? writer.text('quota.none') : undefined,
        ...active.slice(0, MAX_PLANS).map((plan) => planLines(writer, plan, asOf)),
        more(writer, active.slice(MAX_PLANS)),
        ...endedLines(writer, ended, asOf),
        writer.text(`auto_renewal.${state}.state`),
        policy.enabled ? renewalEpisode(writer, await readRenewalEpisode(tx, bound.account.id)) : undefined,
        renewalSettings(writer, overview),
        offerTrouble(writer, overview),
        policy.enabled || offer ? undefined : writer.text('error.offer_missing'),
        writer.asOf(asOf, bound.account.name),
      ],
      buttons: [
        ...(policy.enabled || offer
          ? [switchButton(writer, policy.enabled ? 'off' : 'on', policy.enabled ? 'plain' : 'primary')]
          : []),
        askButton(writer, 'settings'),
        askButton(writer, 'buy'),
        askButton(writer, 'quota'),
      ],
    };
  },
};

function planLines(writer: Writer, plan: RecentPlan, now: Temporal.Instant): Markdown {
  const daysLeft = now.until(plan.expiresAt).total('hours') / 24;
  return lines([
    writer.text('quota.plan', { plan: writer.title(plan.title) }),
    bar(writer, plan.remaining, plan.total),
    writer.text('plans.left', { remaining: writer.number(plan.remaining), total: writer.segments(plan.total) }),
    writer.text('quota.plan_expires', { time: writer.time(plan.expiresAt), days: writer.days(daysLeft) }),
    plan.source === 'grant'
      ? writer.text('plans.granted', { day: writer.date(plan.effectiveAt) })
      : writer.text(`plans.from.${plan.source}`, {
          price: writer.money(plan.price),
          day: writer.date(plan.effectiveAt),
        }),
  ]);
}

function more(writer: Writer, others: readonly RecentPlan[]): Markdown | undefined {
  if (others.length === 0) return undefined;
  const remaining = others.reduce((sum, plan) => sum + plan.remaining, 0n);
  return writer.text('quota.other_plans', { count: others.length, remaining: writer.segments(remaining) });
}

function endedLines(writer: Writer, ended: readonly RecentPlan[], now: Temporal.Instant): Markdown[] {
  if (ended.length === 0) return [];
  const others = ended.length - MAX_ENDED;
  return [
    writer.text('plans.ended'),
    bullets([
      ...ended.slice(0, MAX_ENDED).map((plan) => endedLine(writer, plan, now)),
      others > 0 ? writer.text('plans.other_ended', { count: others }) : undefined,
    ]),
  ];
}

function endedLine(writer: Writer, plan: RecentPlan, now: Temporal.Instant): Markdown {
  const state = planStateOf(plan, now);
  const day = writer.date(Temporal.Instant.fromEpochMilliseconds(endOf(plan)));
  const title = writer.title(plan.title);
  const lost = plan.forfeited + plan.remaining;
  if (state === 'expired' && lost > 0n) {
    return writer.text('plans.ended.forfeited', { plan: title, day, forfeited: writer.segments(lost) });
  }
  // A plan that was empty before its time was over had been used up.
  return writer.text(state === 'refunded' ? 'plans.ended.refunded' : 'plans.ended.used_up', { plan: title, day });
}

/** When it was used up, expired or was refunded. */
function endOf({ emptyAt, expiresAt, refundedAt }: RecentPlan): number {
  const end = refundedAt ?? emptyAt;
  return Math.min(end?.epochMilliseconds ?? Number.POSITIVE_INFINITY, expiresAt.epochMilliseconds);
}
