import {
  type AlertChange,
  type AlertInput,
  BALANCE_LEVEL,
  EXPIRY_DAYS,
  isBelowAmount,
  OVERDUE_LEVEL,
  QUOTA_LEVEL,
} from '../domain/alert.ts';
import type { Announcement, RenewalOutlook } from '../domain/announcement.ts';
import { CAP_LEVEL, capOf } from '../domain/cap-alert.ts';
import { presentUse, useIn } from '../domain/limit.ts';
import { quotaOf } from '../domain/plan.ts';
import { type OpenRenewal, offerProblem } from '../domain/renewal.ts';
import { leftStops } from '../domain/sending-state.ts';
import { spikeState } from '../domain/spike.ts';
import { availableOf, type SendingReason, suspendedFrom } from '../domain/standing.ts';
import type { AutoRenewal } from './auto-renewal.ts';

/** What is so of the account besides what its alerts are decided from. */
export interface Surroundings {
  readonly autoRenewal: AutoRenewal;
  readonly renewal: OpenRenewal | null;
  /** Every reason why messages may not be sent now. */
  readonly reasons: readonly SendingReason[];
}

/** What is told of a change of an alert; undefined for what is not worth a message. (rules 19 and 20) */
export function alertAnnouncement(
  change: AlertChange,
  input: AlertInput,
  { autoRenewal, renewal, reasons }: Surroundings,
): Announcement | undefined {
  const available = availableOf(input.money);
  if (change.type === 'close') {
    return change.alert.kind === 'overdue' ? { kind: 'restored', available, reasons } : undefined;
  }
  // Of the others what is left of them was told on the way up; the amount may have been undercut since the graver level was told.
  if (change.type === 'ease' && change.condition.kind !== 'low_balance') return undefined;

  const { condition } = change;
  const outlook = renewalOutlook(autoRenewal, renewal);
  const { paygPerDay, runwayDays, quotaDays } = input.forecast;
  switch (condition.kind) {
    case 'quota':
      return condition.level === QUOTA_LEVEL.exhausted
        ? { kind: 'quota_exhausted', available, paygPerDay, runwayDays, renewal: outlook, reasons }
        : {
            kind: 'quota_low',
            level: condition.level,
            quota: quotaOf(input.plans, input.now),
            threshold: input.threshold,
            share: condition.level === QUOTA_LEVEL.veryLow ? (input.alertShare ?? 100) : 100,
            quotaDays,
            renewal: outlook,
          };
    case 'plan_expiring': {
      const plan = input.plans.find((candidate) => candidate.id === condition.subject);
      const days = EXPIRY_DAYS[condition.level - 1];
      if (!plan || days === undefined) return undefined;
      const { title, remaining, expiresAt } = plan;
      return { kind: 'plan_expiring', title, remaining, expiresAt, days, renewal: outlook };
    }
    case 'low_balance': {
      const below = isBelowAmount(input.balanceAlert, available) ? input.balanceAlert?.below : undefined;
      if (condition.level === BALANCE_LEVEL.amount) {
        return { kind: 'low_balance', available, below: below ?? available, runwayDays, paygPerDay };
      }
      const undercut = below === undefined ? {} : { below };
      return { kind: 'overdue_expected', available, runwayDays: runwayDays ?? 0, paygPerDay, ...undercut };
    }
    case 'spending_spike': {
      const spike = spikeState(input.spike).spikes.find(({ destination }) => destination === condition.subject);
      return spike && { kind: 'spending_spike', ...spike, available, quota: quotaOf(input.plans, input.now) };
    }
    case 'cap': {
      const { limits, present } = input.caps;
      const limit = capOf(condition.subject, limits);
      if (!limit) return undefined;
      const { period, unit, stop, warn, reached } = limit;
      const values = { period, unit, stop, warn };
      if (condition.level === CAP_LEVEL.warning)
        return { kind: 'cap_warning', ...values, ...presentUse(limit, present) };
      // Lifted since: there is nothing to say any more.
      if (!reached) return undefined;
      const left = leftStops(limit, { limits, reasons });
      return { kind: 'cap_reached', ...values, ...reached, used: useIn(limit, reached.in, present), left };
    }
    case 'renewal':
      // Told by whoever tried to renew, with what was missing.
      return undefined;
    case 'overdue':
      return {
        kind: 'overdue',
        available,
        suspended: condition.level === OVERDUE_LEVEL.suspended,
        suspendedFrom: suspendedFrom(input.money) ?? input.now,
        reasons,
      };
  }
}

function renewalOutlook({ policy, offer, isSold }: AutoRenewal, renewal: OpenRenewal | null): RenewalOutlook {
  const needsOffer = !offer || offerProblem({ offer, isSold }, policy.threshold) !== undefined;
  if (!policy.enabled) return needsOffer ? 'off_needs_offer' : 'off';
  if (needsOffer) return 'needs_offer';
  // It waits for nothing that could be settled: only another policy, or the next episode, has it tried again.
  if (renewal?.state === 'stopped' && renewal.nextAttemptAt === null) return 'rejected';
  return renewal ? 'waits' : 'buys';
}
