interface AlertLevel {
  /** What the level is called, in texts and in the table of the README. */
  readonly name: string;
  /** Whether it is repeated and escalated until somebody says that they know of it, and told in quiet hours. */
  readonly critical: boolean;
  /** The kind of announcement that is told when the level is reached. */
  readonly told: string;
}

interface AlertDescriptor {
  /** What an episode is about; there is one for each. */
  readonly subject: 'account' | 'plan' | 'destination' | 'cap and period' | 'renewal';
  /** From level 1 on, each worse than the one before. */
  readonly levels: readonly [AlertLevel, ...AlertLevel[]];
  /** What is told when the episode has ended; null where the end is no news of its own. */
  readonly toldAtEnd: string | null;
}

/** Every alert there is, with its levels. A test compares it with the table in this folder's README. (rules 19 and 20) */
export const ALERT_TABLE = {
  quota: {
    subject: 'account',
    levels: [
      { name: 'low', critical: false, told: 'quota_low' },
      { name: 'very_low', critical: false, told: 'quota_low' },
      { name: 'exhausted', critical: true, told: 'quota_exhausted' },
    ],
    toldAtEnd: null,
  },
  plan_expiring: {
    subject: 'plan',
    levels: [
      { name: 'days_30', critical: false, told: 'plan_expiring' },
      { name: 'days_10', critical: false, told: 'plan_expiring' },
      { name: 'days_3', critical: false, told: 'plan_expiring' },
      { name: 'days_1', critical: false, told: 'plan_expiring' },
    ],
    toldAtEnd: 'plan_expired',
  },
  low_balance: {
    subject: 'account',
    levels: [
      { name: 'amount', critical: false, told: 'low_balance' },
      { name: 'soon', critical: true, told: 'overdue_expected' },
    ],
    toldAtEnd: null,
  },
  overdue: {
    subject: 'account',
    levels: [
      { name: 'overdue', critical: true, told: 'overdue' },
      { name: 'suspended', critical: true, told: 'overdue' },
    ],
    toldAtEnd: 'restored',
  },
  spending_spike: {
    subject: 'destination',
    levels: [{ name: 'high', critical: true, told: 'spending_spike' }],
    toldAtEnd: null,
  },
  cap: {
    subject: 'cap and period',
    levels: [
      { name: 'warning', critical: false, told: 'cap_warning' },
      { name: 'reached', critical: true, told: 'cap_reached' },
    ],
    toldAtEnd: null,
  },
  renewal: {
    subject: 'renewal',
    levels: [
      { name: 'stopped', critical: true, told: 'renewal_stopped' },
      { name: 'failed', critical: true, told: 'renewal_failed' },
    ],
    toldAtEnd: 'renewed',
  },
} as const satisfies Record<string, AlertDescriptor>;

export type AlertKind = keyof typeof ALERT_TABLE;
type LevelsOf<K extends AlertKind> = (typeof ALERT_TABLE)[K]['levels'][number];
/** An alert and its level, as one name: `quota_exhausted`. */
export type AlertName = { [K in AlertKind]: `${K}_${LevelsOf<K>['name']}` }[AlertKind];

/** What an alert was called before its levels were what they are now: the audit keeps what was written. */
export type FormerAlertKind = 'overdue_expected';

export const ALERT_KINDS = Object.keys(ALERT_TABLE) as AlertKind[];

/** @throws RangeError for a level that the alert does not have */
function levelOf(kind: AlertKind, level: number): LevelsOf<AlertKind> {
  const levels: readonly LevelsOf<AlertKind>[] = ALERT_TABLE[kind].levels;
  const found = levels[level - 1];
  if (!found) throw new RangeError(`the alert ${kind} has no level ${level}`);
  return found;
}

/** Whether an alert at this level is repeated and escalated until it is acknowledged. (rule 19) */
export function isCritical({ kind, level }: { readonly kind: AlertKind; readonly level: number }): boolean {
  return levelOf(kind, level).critical;
}

/** An alert as it is called now; what the audit has from before may bear a former name. */
export function presentAlert({ kind, level }: { readonly kind: AlertKind | FormerAlertKind; readonly level: number }): {
  readonly kind: AlertKind;
  readonly level: number;
} {
  return kind === 'overdue_expected' ? { kind: 'low_balance', level: level + 1 } : { kind, level };
}

/** An alert and its level, as one name. */
export function alertName({ kind, level }: { readonly kind: AlertKind; readonly level: number }): AlertName {
  return `${kind}_${levelOf(kind, level).name}` as AlertName;
}

/** What is told of a level that is critical: everything else can wait until quiet hours are over. */
export const CRITICAL_NEWS: ReadonlySet<LevelsOf<AlertKind>['told']> = new Set(
  ALERT_KINDS.flatMap((kind) => ALERT_TABLE[kind].levels.flatMap(({ critical, told }) => (critical ? [told] : []))),
);
