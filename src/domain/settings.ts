import { RuleError } from './errors.ts';
import { MICRO, type Micro } from './money.ts';
import { SPIKE_FACTOR } from './spike.ts';

/** Where alerts and receipts go: a card in each group, a message to each administrator, or both. (rule 21) */
export type AlertsTo = 'group' | 'direct' | 'both';
export const ALERTS_TO = ['group', 'direct', 'both'] as const satisfies readonly AlertsTo[];

/** A stretch of each day in the account's time zone, in which only what is critical is told. It may go over midnight. */
export interface QuietHours {
  /** `HH:MM` */
  readonly from: string;
  /** `HH:MM`, not included. */
  readonly until: string;
}

/** Somebody of the organization. */
export interface Contact {
  readonly staffId: string;
  readonly name: string;
}

/** An amount of which administrators want to hear when less than it is available. (rule 20) */
export interface BalanceAlert {
  /** In micro-units of the account's currency; above zero. */
  readonly below: Micro;
  /** When it was set: another amount re-arms the alert. */
  readonly setAt: Temporal.Instant;
}

/** What an account's administrators have set besides auto-renewal. */
export interface AccountSettings {
  /** Null is off: the days that the money lasts are told all the same. */
  readonly balanceAlert: BalanceAlert | null;
  /** The quota alert gets worse at this share of the threshold, in percent (1 to 99); null has no such level. (rule 19) */
  readonly alertShare: number | null;
  readonly quietHours: QuietHours | null;
  readonly alertsTo: AlertsTo;
  /** Who is told of a critical alert that nobody has acknowledged in time; null is nobody. */
  readonly secondContact: Contact | null;
  /** How long administrators have for that, in minutes. */
  readonly escalateAfterMinutes: number;
  /** An hour that uses more than so many times what is usual is a spike. (rule 20) */
  readonly spikeFactor: number;
  /** When the daily summary is sent, `HH:MM` in the account's time zone; null sends none. */
  readonly digestAt: string | null;
  /** When the summary of a month is sent after its bill has closed, likewise; null tells of the bill alone, when it closes. */
  readonly monthlyDigestAt: string | null;
}

/** What an account has before anyone sets it. */
export const DEFAULT_SETTINGS: AccountSettings = {
  // No amount suits every account; how long the money lasts is told without one.
  balanceAlert: null,
  alertShare: 50,
  quietHours: null,
  alertsTo: 'group',
  secondContact: null,
  escalateAfterMinutes: 30,
  spikeFactor: Number(SPIKE_FACTOR),
  // Silence means that all is well: whoever wants to hear of each day says so.
  digestAt: null,
  monthlyDigestAt: '09:00',
};

/** A trillion: more than any account has, and within what the database counts. */
const MAX_BALANCE_ALERT = 1_000_000_000_000n * MICRO;
/** A week: whoever waits longer for an escalation does not want one. */
const MAX_ESCALATION_MINUTES = 7 * 24 * 60;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Everything that the administrators of a group can change by one command, besides caps and the two-person rule. */
export const SETTINGS = [
  'threshold',
  'offer',
  'purchases_per_day',
  'purchases_per_month',
  'money_per_month',
  'approval_above',
  'alert_share',
  'balance_alert',
  'alerts_to',
  'quiet_hours',
  'second_contact',
  'escalate_after',
  'spike_factor',
  'digest_at',
  'monthly_digest_at',
  'language',
] as const;
export type SettingName = (typeof SETTINGS)[number];

/** A value that is known by an id and shown by a name, as both were when it was asked for. */
export interface NamedValue {
  readonly id: string;
  readonly name: string;
}

/**
 * A setting's value as it is kept in requests and in the audit: figures as decimal text (segments; money in micro-units; minutes; percent),
 * times as `HH:MM`, quiet hours as `HH:MM-HH:MM`; null is none, no limit or never.
 */
export type SettingValue = string | NamedValue | null;

/** A setting, and its value before and after. */
export interface SettingChange {
  readonly setting: SettingName;
  readonly before: SettingValue;
  readonly after: SettingValue;
}

export function isSameValue(a: SettingValue, b: SettingValue): boolean {
  return idOf(a) === idOf(b);
}

function idOf(value: SettingValue): string | null {
  return value === null || typeof value === 'string' ? value : value.id;
}

/** `22:00-08:00` as what it means. */
export function quietHoursOf(value: string): QuietHours {
  const [from = '', until = ''] = value.split('-');
  return { from, until };
}

/**
 * What may be set besides auto-renewal.
 * @throws RuleError `alert_share_out_of_range`, `balance_alert_out_of_range`, `quiet_hours_invalid`, `escalation_out_of_range`, `spike_factor_out_of_range`,
 * `time_of_day_invalid`
 */
export function assertSettings(settings: AccountSettings): void {
  const { alertShare, balanceAlert, quietHours, escalateAfterMinutes, spikeFactor, digestAt, monthlyDigestAt } =
    settings;
  if (alertShare !== null && !(Number.isInteger(alertShare) && alertShare >= 1 && alertShare <= 99)) {
    throw new RuleError(
      'alert_share_out_of_range',
      'The second alert comes at 1 to 99 percent of the threshold, or not at all.',
    );
  }
  if (balanceAlert && (balanceAlert.below <= 0n || balanceAlert.below > MAX_BALANCE_ALERT)) {
    throw new RuleError(
      'balance_alert_out_of_range',
      'The amount of the balance alert is above zero and at most 1,000,000,000,000, or off.',
    );
  }
  if (quietHours && ![quietHours.from, quietHours.until].every((time) => TIME_OF_DAY.test(time))) {
    throw new RuleError('time_of_day_invalid', 'A time of day is written like 09:00.');
  }
  if (quietHours && quietHours.from === quietHours.until) {
    throw new RuleError('quiet_hours_invalid', 'Quiet hours begin and end at different times, like 22:00-08:00.');
  }
  if ([digestAt, monthlyDigestAt].some((time) => time !== null && !TIME_OF_DAY.test(time))) {
    throw new RuleError('time_of_day_invalid', 'A time of day is written like 09:00.');
  }
  if (!Number.isInteger(spikeFactor) || spikeFactor < 2 || spikeFactor > 100) {
    throw new RuleError('spike_factor_out_of_range', 'A spike is from 2 to 100 times what is usual.');
  }
  const minutes = escalateAfterMinutes;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_ESCALATION_MINUTES) {
    throw new RuleError('escalation_out_of_range', 'The time until an escalation is from one minute to seven days.');
  }
}

const SPENDING_LIMITS: readonly SettingName[] = [
  'purchases_per_day',
  'purchases_per_month',
  'money_per_month',
  'approval_above',
];

/** Whether a change only lets auto-renewal spend less, or ask more often: such a brake must not wait for anybody. (rule 16) */
export function onlyLimitsSpending(setting: SettingName, before: SettingValue, after: SettingValue): boolean {
  if (!SPENDING_LIMITS.includes(setting) || typeof after !== 'string') return false;
  return before === null || (typeof before === 'string' && BigInt(after) < BigInt(before));
}
