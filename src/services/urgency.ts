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
  'purchased',
  'refunded',
  'bill_closed',
  'setting_changed',
  'limit_changed',
  'administrators_changed',
]);

/** Whether an announcement is said also when the month's calls run out. What is not known to be routine is. (rule 23) */
export function urgencyOf(kind: string): Urgency {
  return (ROUTINE as ReadonlySet<string>).has(kind) ? 'routine' : 'critical';
}
