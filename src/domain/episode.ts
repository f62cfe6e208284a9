import type { OpenAlert } from './alert.ts';
import { isCritical } from './alert-levels.ts';

/** Unanswered, a critical alert is told again so many days after it was told; after the last of them every week. (rule 19) */
const REPEAT_DAYS = [1, 3, 7] as const;
const WEEK_DAYS = 7;

/** How long repeats and escalation may be held back at once. */
export const SNOOZE_MINUTES = { min: 1, max: 7 * 24 * 60 } as const;

/** Who did something about an alert, and when. */
export interface AlertDeed {
  readonly byName: string;
  readonly at: Temporal.Instant;
}

/** An open alert, and what has become of its telling since its level was reached. */
export interface Episode extends OpenAlert {
  /** What people call it by: a letter, a digit, a letter. */
  readonly code: string;
  /** When its level was told; null when nobody was told in a form that can be answered. */
  readonly toldAt: Temporal.Instant | null;
  /** Since when an answer is awaited, for the escalation: it was told, or a snooze was over. */
  readonly awaitedSince: Temporal.Instant | null;
  readonly acknowledged: AlertDeed | null;
  readonly snoozed: (AlertDeed & { readonly until: Temporal.Instant }) | null;
  /** How many of the moments for a repeat are over. */
  readonly repeats: number;
  /** Whom of the account it was escalated to, and when. */
  readonly secondContact: { readonly name: string; readonly at: Temporal.Instant } | null;
  /** When it was escalated to the operator. */
  readonly operatorAt: Temporal.Instant | null;
}

export interface EscalationRule {
  readonly afterMinutes: number;
  /** Whether the account has a second contact. */
  readonly hasSecondContact: boolean;
}

/** What is due for an alert that nobody has answered. */
export type EpisodeStep =
  /** `repeats`: how many moments for a repeat are over with it. */
  | { readonly type: 'repeat'; readonly repeats: number }
  | { readonly type: 'second_contact' }
  | { readonly type: 'operator' };

/** Whether somebody still has to answer. */
export function awaitsAnswer(episode: Episode): boolean {
  return isCritical(episode) && episode.acknowledged === null;
}

/**
 * What is due now: one repeat, however many moments for it were missed, and the next step of the escalation. What was told before alerts
 * could be answered, and a snooze that is over, are told again; the escalation counts from then. (rules 19 and 21)
 */
export function dueSteps(episode: Episode, rule: EscalationRule, now: Temporal.Instant): EpisodeStep[] {
  return plannedSteps(episode, rule)
    .filter(({ at }) => at === null || Temporal.Instant.compare(at, now) <= 0)
    .map(({ step }) => (step.type === 'repeat' ? { ...step, repeats: repeatsUntil(episode, now) } : step));
}

/** When something is due for it next; null when nothing will be. May lie in the past. */
export function nextStepAt(episode: Episode, rule: EscalationRule): Temporal.Instant | null {
  const moments = plannedSteps(episode, rule).flatMap(({ at }) => (at === null ? [] : [at]));
  return moments.toSorted(Temporal.Instant.compare)[0] ?? null;
}

/** `at` null is at once. */
function plannedSteps(
  episode: Episode,
  rule: EscalationRule,
): { readonly step: EpisodeStep; readonly at: Temporal.Instant | null }[] {
  if (!awaitsAnswer(episode)) return [];
  const { toldAt, awaitedSince, snoozed, repeats, secondContact, operatorAt } = episode;
  const repeat = { type: 'repeat', repeats } as const;
  if (toldAt === null) return [{ step: repeat, at: null }];
  // A snooze holds everything back; that it is over is told, and only then somebody else is.
  if (snoozed) return [{ step: repeat, at: snoozed.until }];
  const steps: { step: EpisodeStep; at: Temporal.Instant }[] = [{ step: repeat, at: repeatAt(toldAt, repeats) }];
  const since = awaitedSince ?? toldAt;
  const minutes = rule.afterMinutes;
  if (operatorAt !== null) return steps;
  if (secondContact === null && rule.hasSecondContact) {
    steps.push({ step: { type: 'second_contact' }, at: since.add({ minutes }) });
  } else {
    const secondAt = secondContact?.at ?? since.add({ minutes });
    const from = Temporal.Instant.compare(secondAt, since) < 0 ? since : secondAt;
    steps.push({ step: { type: 'operator' }, at: from.add({ minutes }) });
  }
  return steps;
}

/** The moment of a repeat, after so many of them. */
function repeatAt(toldAt: Temporal.Instant, repeats: number): Temporal.Instant {
  const last = REPEAT_DAYS[REPEAT_DAYS.length - 1] ?? 0;
  const days = REPEAT_DAYS[repeats] ?? last + WEEK_DAYS * (repeats + 1 - REPEAT_DAYS.length);
  return toldAt.add({ hours: 24 * days });
}

function repeatsUntil({ toldAt, repeats }: Episode, now: Temporal.Instant): number {
  let over = repeats;
  while (toldAt !== null && Temporal.Instant.compare(repeatAt(toldAt, over), now) <= 0) over += 1;
  return over;
}
