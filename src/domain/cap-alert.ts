import { type Limit, type LimitKey, limitId, type PresentUse, periodEnd, presentUse, usePeriodOf } from './limit.ts';

/** Levels of the alert about a cap: its warning value, its stop value. (rule 20) */
export const CAP_LEVEL = { warning: 1, reached: 2 } as const;

/** What an alert about a cap says: which cap, in which period. */
interface CapSubject {
  readonly subject: string;
  readonly level: number;
}

/** Rule 20: a cap that was reached until it is lifted, also when its period is over; else one whose warning value is reached. */
export function capConditions(limits: readonly Limit[], present: PresentUse): CapSubject[] {
  return limits.flatMap((limit): CapSubject[] => {
    if (limit.reached) return [{ subject: subjectOf(limit, limit.reached.in), level: CAP_LEVEL.reached }];
    const use = presentUse(limit, present);
    if (limit.warn === null || use.used < limit.warn) return [];
    return [{ subject: subjectOf(limit, use.in), level: CAP_LEVEL.warning }];
  });
}

/**
 * Rule 19: an episode of a cap ends with its period, or when somebody has changed or lifted the cap since. A credit that takes the use
 * back below the warning is noise.
 */
export function mayCloseCap(
  alert: { readonly subject: string; readonly openedAt: Temporal.Instant },
  limits: readonly Limit[],
  present: PresentUse,
): boolean {
  const limit = capOf(alert.subject, limits);
  if (!limit || periodOf(alert.subject) < usePeriodOf(limit.period, present.now, present.timeZone)) return true;
  return Temporal.Instant.compare(limit.changedAt, alert.openedAt) >= 0;
}

/** When the present day or month is over, and with it an episode of a cap. */
export function capAlertEnd(subject: string, { now, timeZone }: PresentUse): Temporal.Instant {
  return periodEnd(subject.startsWith('month') ? 'month' : 'day', now, timeZone);
}

/** The cap that an alert is about. */
export function capOf(subject: string, limits: readonly Limit[]): Limit | undefined {
  return limits.find((limit) => subject.startsWith(`${limitId(limit)}/`));
}

function subjectOf(limit: LimitKey, period: string): string {
  return `${limitId(limit)}/${period}`;
}

function periodOf(subject: string): string {
  return subject.slice(subject.indexOf('/') + 1);
}
