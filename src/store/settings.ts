import type { Selectable } from 'kysely';
import { type AccountSettings, DEFAULT_SETTINGS } from '../domain/settings.ts';
import type { Executor, Schema, Tx } from './schema.ts';

/** What an account's administrators have set besides auto-renewal; the defaults where nobody has. */
export async function readSettings(db: Executor, accountId: string): Promise<AccountSettings> {
  const row = await db
    .selectFrom('account_settings')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return toSettings(row);
}

/** The settings in a row, or those of an account which has none. */
export function toSettings(row: Selectable<Schema['account_settings']> | undefined): AccountSettings {
  if (!row) return DEFAULT_SETTINGS;
  const { quiet_from, quiet_until, second_contact_id, second_contact_name, balance_alert, balance_alert_set_at } = row;
  return {
    balanceAlert:
      balance_alert === null || balance_alert_set_at === null
        ? null
        : { below: balance_alert, setAt: balance_alert_set_at },
    alertShare: row.alert_share,
    quietHours: quiet_from === null || quiet_until === null ? null : { from: quiet_from, until: quiet_until },
    alertsTo: row.alerts_to,
    secondContact:
      second_contact_id === null
        ? null
        : { staffId: second_contact_id, name: second_contact_name ?? second_contact_id },
    escalateAfterMinutes: row.escalate_after_minutes,
    spikeFactor: row.spike_factor,
    digestAt: row.digest_at,
    monthlyDigestAt: row.monthly_digest_at,
  };
}

export async function writeSettings(
  tx: Tx,
  accountId: string,
  settings: AccountSettings,
  at: Temporal.Instant,
): Promise<void> {
  const values = {
    alert_share: settings.alertShare,
    balance_alert: settings.balanceAlert?.below ?? null,
    balance_alert_set_at: settings.balanceAlert?.setAt ?? null,
    quiet_from: settings.quietHours?.from ?? null,
    quiet_until: settings.quietHours?.until ?? null,
    alerts_to: settings.alertsTo,
    second_contact_id: settings.secondContact?.staffId ?? null,
    second_contact_name: settings.secondContact?.name ?? null,
    escalate_after_minutes: settings.escalateAfterMinutes,
    spike_factor: settings.spikeFactor,
    digest_at: settings.digestAt,
    monthly_digest_at: settings.monthlyDigestAt,
    changed_at: at,
  };
  await tx
    .insertInto('account_settings')
    .values({ account_id: accountId, ...values })
    .onConflict((oc) => oc.column('account_id').doUpdateSet(values))
    .execute();
}
