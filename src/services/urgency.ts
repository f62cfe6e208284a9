import { CRITICAL_NEWS } from '../domain/alert-levels.ts';
import type { Announcement } from '../domain/announcement.ts';
import type { Urgency } from '../store/notices.ts';

/** What an administrator loses nothing by hearing later: receipts, and alerts that a graver one follows. */
const ROUTINE: ReadonlySet<Announcement['kind']> = new Set<Announcement['kind']>([
  'recharged',
  'withdrawn',
  'plan_added',
  'plan_expired',
  'plan_expiring',
  'renewed',
  'auto_renewal_changed',
  'offer_ending',
  'limit_changed',
  'quota_low',
  'low_balance',
  'purchased',
  'refunded',
  'bill_closed',
  'daily_digest',
  'monthly_digest',
  'setting_changed',
  'administrators_changed',
]);

/** What of an announcement says how urgent it is. */
type News = Pick<Announcement, 'kind' | 'episode'> & { readonly lifted?: boolean };

/** Whether messages can be sent again because of it. That they cannot any more is an alert, or a pause, of its own. */
function restoresSending({ kind, lifted = false }: News): boolean {
  return kind === 'restored' || kind === 'sending_resumed' || (kind === 'limit_changed' && lifted);
}

/** Whether an announcement is said also when the month's calls run out. What is not known to be routine is. (rule 23) */
export function urgencyOf(news: News): Urgency {
  return ROUTINE.has(news.kind) && !restoresSending(news) ? 'routine' : 'critical';
}

/**
 * How urgent the change of a card is. `isAnswer`: somebody has pressed or typed what it answers. That something is over which nobody has to
 * do anything about any more can wait, because a press on such a card does nothing; what is restored by it is told by itself. The second
 * contact is told of the end by nothing else. (rule 23)
 */
export function urgencyOfChange(news: Announcement, isAnswer: boolean): Urgency {
  if (isAnswer) return 'reply';
  const { episode } = news;
  const hasEnded = episode !== undefined && episode.endedAt !== null && episode.as !== 'second_contact';
  const isNeedless = news.kind === 'approval_decided' && (news.state === 'closed' || news.state === 'expired');
  return hasEnded || isNeedless ? 'routine' : 'critical';
}

const CRITICAL: ReadonlySet<Announcement['kind']> = CRITICAL_NEWS;

/** What is told in quiet hours besides critical alerts and what restores sending: requests, which somebody waits for, and a stop by a person. */
const TOLD_AT_NIGHT: ReadonlySet<Announcement['kind']> = new Set<Announcement['kind']>([
  'approval_requested',
  'approval_reminder',
  'approval_decided',
  'request_decided',
  'sending_paused',
]);

/** Whether an announcement is not held back until quiet hours are over. (rule 21) */
export function isToldInQuietHours(news: News): boolean {
  return CRITICAL.has(news.kind) || TOLD_AT_NIGHT.has(news.kind) || restoresSending(news);
}
