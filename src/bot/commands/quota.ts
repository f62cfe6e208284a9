import { type Plan, renewalPrice } from '../../domain/plan.ts';
import { offerProblem } from '../../domain/renewal.ts';
import { type Overview, readOverview } from '../../services/overview.ts';
import { readQuotaHistory } from '../../services/quota-history.ts';
import { bar } from '../bar.ts';
import { stoppedLines } from '../compose/sending.ts';
import { askButton, switchButton } from '../content.ts';
import { burnText, lastsText } from '../forecast-text.ts';
import { bullets, lines, type Markdown } from '../markdown.ts';
import { quotaPicture } from '../pictures/quota-picture.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

const MAX_PLANS = 8;

/** What the plans have left, one by one, and for how long it lasts. */
export const quota: Command = {
  name: 'quota',
  who: 'group',
  run: async ({ tx, services, writer, bound }: GroupCommandContext): Promise<Reply> => {
    const overview = await readOverview(services, tx, bound.account.id);
    const left = writer.segments(overview.quota);
    const { timeZone } = bound.account;
    const course = { ...overview, timeZone, threshold: overview.policy.threshold };
    const picture = quotaPicture(writer, course, await readQuotaHistory(tx, bound.account, overview.asOf));
    return {
      title: writer.text('quota.title', { quota: left }),
      paragraphs: [
        overview.plans.length === 0
          ? writer.text('quota.none')
          : writer.text('quota.total', { quota: left, count: overview.plans.length }),
        ...plans(writer, overview),
        bullets([
          burnText(writer, overview.forecast),
          lastsText(writer, overview.forecast, overview.quota),
          autoRenewal(writer, overview),
        ]),
        ...stoppedLines(writer, overview),
        writer.asOf(overview.asOf, overview.account.name),
      ],
      buttons: [
        askButton(writer, 'balance'),
        askButton(writer, 'usage'),
        askButton(writer, 'plans'),
        overview.policy.enabled ? askButton(writer, 'auto-renew') : switchButton(writer, 'on', 'plain'),
      ],
      ...(picture ? { pictures: [picture] } : {}),
    };
  },
};

function plans(writer: Writer, overview: Overview): Markdown[] {
  const shown = overview.plans.slice(0, MAX_PLANS).map((plan) => planLines(writer, plan, overview.asOf));
  const others = overview.plans.slice(MAX_PLANS);
  if (others.length === 0) return shown;
  const remaining = others.reduce((sum, plan) => sum + plan.remaining, 0n);
  return [...shown, writer.text('quota.other_plans', { count: others.length, remaining: writer.segments(remaining) })];
}

function planLines(writer: Writer, plan: Plan, now: Temporal.Instant): Markdown {
  const daysLeft = now.until(plan.expiresAt).total('hours') / 24;
  return lines([
    writer.text('quota.plan', { plan: writer.title(plan.title) }),
    writer.text('quota.plan_left', {
      bar: bar(writer, plan.remaining, plan.total),
      remaining: writer.number(plan.remaining),
      total: writer.segments(plan.total),
    }),
    writer.text('quota.plan_expires', { time: writer.time(plan.expiresAt), days: writer.days(daysLeft) }),
  ]);
}

function autoRenewal(writer: Writer, { policy, offer, isSold }: Overview): Markdown {
  if (!policy.enabled || !offer) return writer.text('quota.auto_renewal.off');
  if (offerProblem({ offer, isSold }, policy.threshold)) {
    return writer.text('quota.auto_renewal.needs_offer', { plan: writer.title(offer.title) });
  }
  return writer.text('quota.auto_renewal.on', {
    threshold: writer.segments(policy.threshold),
    plan: writer.title(offer.title),
    price: writer.money(renewalPrice(offer)),
  });
}
