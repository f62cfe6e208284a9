import type { RenewalPolicy } from '../domain/renewal.ts';
import {
  type AccountSettings,
  ALERTS_TO,
  assertSettings,
  quietHoursOf,
  type SettingName,
  type SettingValue,
} from '../domain/settings.ts';
import { type Group, readGroup } from '../store/groups.ts';
import { readPolicy } from '../store/renewals.ts';
import type { Executor } from '../store/schema.ts';
import { readSettings } from '../store/settings.ts';
import { type ChosenOffer, readChosenOffer } from './offers.ts';

/** Everything that a group can see and change under `设置`, as it is now. */
export interface GroupSettings extends ChosenOffer {
  readonly policy: RenewalPolicy;
  readonly account: AccountSettings;
  readonly group: Pick<Group, 'language'>;
}

/** What is set for a group and its account. */
export async function readGroupSettings(db: Executor, group: Group, now: Temporal.Instant): Promise<GroupSettings> {
  const policy = await readPolicy(db, group.accountId);
  return {
    policy,
    ...(await readChosenOffer(db, policy.offerId, now)),
    account: await readSettings(db, group.accountId),
    // Read anew: it may have been changed since the group was found.
    group: (await readGroup(db, group)) ?? group,
  };
}

/** A setting's value in the form in which requests and the audit keep it. */
export function currentValue({ policy, offer, account, group }: GroupSettings, setting: SettingName): SettingValue {
  switch (setting) {
    case 'threshold':
      return policy.threshold.toString();
    case 'offer':
      return policy.offerId === null ? null : { id: policy.offerId, name: offer?.title ?? policy.offerId };
    case 'purchases_per_day':
      return policy.purchasesPerDay.toString();
    case 'purchases_per_month':
      return policy.purchasesPerMonth.toString();
    case 'money_per_month':
      return policy.moneyPerMonth?.toString() ?? null;
    case 'approval_above':
      return policy.approvalAbove?.toString() ?? null;
    case 'alert_share':
      return account.alertShare?.toString() ?? null;
    case 'balance_alert':
      return account.balanceAlert?.below.toString() ?? null;
    case 'alerts_to':
      return account.alertsTo;
    case 'quiet_hours':
      return account.quietHours && `${account.quietHours.from}-${account.quietHours.until}`;
    case 'second_contact':
      return account.secondContact && { id: account.secondContact.staffId, name: account.secondContact.name };
    case 'escalate_after':
      return account.escalateAfterMinutes.toString();
    case 'spike_factor':
      return account.spikeFactor.toString();
    case 'digest_at':
      return account.digestAt;
    case 'monthly_digest_at':
      return account.monthlyDigestAt;
    case 'language':
      return group.language;
  }
}

/** What a change makes of auto-renewal's policy; undefined for a setting that is not part of it. */
export function changedPolicy(
  policy: RenewalPolicy,
  setting: SettingName,
  value: SettingValue,
): RenewalPolicy | undefined {
  const text = textOf(value);
  switch (setting) {
    case 'threshold':
      return { ...policy, threshold: BigInt(text ?? 0) };
    case 'offer':
      return { ...policy, offerId: text };
    case 'purchases_per_day':
      return { ...policy, purchasesPerDay: Number(text) };
    case 'purchases_per_month':
      return { ...policy, purchasesPerMonth: Number(text) };
    case 'money_per_month':
      return { ...policy, moneyPerMonth: text === null ? null : BigInt(text) };
    case 'approval_above':
      return { ...policy, approvalAbove: text === null ? null : BigInt(text) };
    default:
      return undefined;
  }
}

/**
 * What a change at a moment makes of the account's other settings; undefined for a setting that is not one of them.
 * @throws RuleError what `assertSettings` refuses
 */
export function changedSettings(
  settings: AccountSettings,
  setting: SettingName,
  value: SettingValue,
  at: Temporal.Instant,
): AccountSettings | undefined {
  const changed = withSetting(settings, setting, value, at);
  if (changed) assertSettings(changed);
  return changed;
}

function withSetting(
  settings: AccountSettings,
  setting: SettingName,
  value: SettingValue,
  at: Temporal.Instant,
): AccountSettings | undefined {
  const text = textOf(value);
  switch (setting) {
    case 'alert_share':
      return { ...settings, alertShare: text === null ? null : Number(text) };
    case 'balance_alert':
      return { ...settings, balanceAlert: text === null ? null : { below: BigInt(text), setAt: at } };
    case 'alerts_to':
      return { ...settings, alertsTo: ALERTS_TO.find((place) => place === text) ?? settings.alertsTo };
    case 'quiet_hours':
      return { ...settings, quietHours: text === null ? null : quietHoursOf(text) };
    case 'second_contact':
      return {
        ...settings,
        secondContact: value === null || typeof value === 'string' ? null : { staffId: value.id, name: value.name },
      };
    case 'escalate_after':
      return { ...settings, escalateAfterMinutes: Number(text) };
    case 'spike_factor':
      return { ...settings, spikeFactor: Number(text) };
    case 'digest_at':
      return { ...settings, digestAt: text };
    case 'monthly_digest_at':
      return { ...settings, monthlyDigestAt: text };
    default:
      return undefined;
  }
}

function textOf(value: SettingValue): string | null {
  return value === null || typeof value === 'string' ? value : value.id;
}
