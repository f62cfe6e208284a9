import { CRITICAL_NEWS } from '../domain/alert-levels.ts';
import type { Announcement } from '../domain/announcement.ts';
import type { Urgency } from '../store/notices.ts';

/** What an administrator loses nothing by hearing later: receipts, and alerts that a graver one follows. */
const ROUTINE: ReadonlySet<Announcement['kind']> = new Set<Announcement['kind']>([
  'recharged',
  'plan_added',
  'plan_expired',
  'plan_expiring',
  'renewed',
  'restored',
  'auto_renewal_changed',
  'limit_changed',
  'sending_resumed',
  'quota_low',
  'low_balance',
  'purchased',
  'refunded',
  'bill_closed',
  'daily_digest',
  'monthly_digest',
  'setting_changed',
  'limit_changed',
  'administrators_changed',
]);

/** Whether an announcement is said also when the month's calls run out. What is not known to be routine is. (rule 23) */
export function urgencyOf(kind: string): Urgency {
  return (ROUTINE as ReadonlySet<string>).has(kind) ? 'routine' : 'critical';
}

const CRITICAL: ReadonlySet<Announcement['kind']> = CRITICAL_NEWS;

/** What is told in quiet hours besides critical alerts: requests, which somebody waits for, and what ends such an alert or stops sending. */
const TOLD_AT_NIGHT: ReadonlySet<Announcement['kind']> = new Set<Announcement['kind']>([
  'approval_requested',
  'approval_reminder',
  'approval_decided',
  'request_decided',
  'restored',
  'sending_paused',
  'sending_resumed',
]);

/** Whether an announcement is not held back until quiet hours are over. (rule 21) */
export function isToldInQuietHours(kind: Announcement['kind']): boolean {
  return CRITICAL.has(kind) || TOLD_AT_NIGHT.has(kind);
}
