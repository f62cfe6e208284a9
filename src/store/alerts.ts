import { randomUUID } from 'node:crypto';
import type { AlertCondition, AlertKind, OpenAlert } from '../domain/alert.ts';
import type { Executor, Tx } from './schema.ts';

export async function readOpenAlerts(db: Executor, accountId: string): Promise<OpenAlert[]> {
  const rows = await db
    .selectFrom('alerts')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('closed_at', 'is', null)
    .execute();
  return rows.map((row) => ({
    id: row.alert_id,
    kind: row.kind as AlertKind,
    subject: row.subject,
    level: row.level,
    openedAt: row.opened_at,
  }));
}

/** Opens an episode; returns its id. */
export async function openAlert(
  tx: Tx,
  accountId: string,
  condition: AlertCondition,
  now: Temporal.Instant,
): Promise<string> {
  const id = randomUUID();
  await tx
    .insertInto('alerts')
    .values({ account_id: accountId, alert_id: id, ...condition, opened_at: now, level_since: now })
    .execute();
  return id;
}

export async function setAlertLevel(
  tx: Tx,
  accountId: string,
  alertId: string,
  level: number,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable('alerts')
    .set({ level, level_since: now })
    .where('account_id', '=', accountId)
    .where('alert_id', '=', alertId)
    .execute();
}

export async function closeAlert(tx: Tx, accountId: string, alertId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('alerts')
    .set({ closed_at: now })
    .where('account_id', '=', accountId)
    .where('alert_id', '=', alertId)
    .execute();
}

/** Ends every open episode of an account. */
export async function closeAllAlerts(tx: Tx, accountId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('alerts')
    .set({ closed_at: now })
    .where('account_id', '=', accountId)
    .where('closed_at', 'is', null)
    .execute();
}
