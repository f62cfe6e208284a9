import { randomInt, randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import type { AlertCondition } from '../domain/alert.ts';
import type { AlertKind } from '../domain/alert-levels.ts';
import type { Announcement } from '../domain/announcement.ts';
import type { Episode } from '../domain/episode.ts';
import type { Executor, Schema, Tx } from './schema.ts';
import { type Told, toldFromJson, toldToJson } from './told-json.ts';

/** Without I and O, 0 and 1, which people mix up. A duration begins with a digit, a code with a letter. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const DIGITS = '23456789';
const CODE_TRIES = 50;
/** So long a code means what it did on a card, also after its alert has ended. */
const CODE_REST = { hours: 90 * 24 };

/** An open episode, and what was told of it last. */
export interface StoredEpisode extends Episode {
  /** Null where nothing was told since its level can be answered. */
  readonly told: Told | null;
}

/** An account's open episodes, the oldest first. */
export async function readOpenAlerts(db: Executor, accountId: string): Promise<StoredEpisode[]> {
  const rows = await db
    .selectFrom('alerts')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('closed_at', 'is', null)
    .orderBy('opened_at')
    .orderBy('kind')
    .orderBy('subject')
    .execute();
  return rows.map(toEpisode);
}

/** The newest episode with this code and when it ended, while the code rests; undefined for one that nobody can mean. */
export async function readAlertByCode(
  db: Executor,
  accountId: string,
  code: string,
): Promise<{ readonly episode: StoredEpisode; readonly closedAt: Temporal.Instant | null } | undefined> {
  const row = await db
    .selectFrom('alerts')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('code', '=', code)
    .orderBy('opened_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { episode: toEpisode(row), closedAt: row.closed_at };
}

/** Opens an episode; its account must be locked. Returns its id. */
export async function openAlert(
  tx: Tx,
  accountId: string,
  condition: AlertCondition,
  now: Temporal.Instant,
): Promise<string> {
  const id = randomUUID();
  await tx
    .insertInto('alerts')
    .values({
      account_id: accountId,
      alert_id: id,
      ...condition,
      opened_at: now,
      level_since: now,
      code: await freeCode(tx, accountId, now),
    })
    .execute();
  return id;
}

/** Sets the level that an episode has; what was answered of it stays. */
export async function setAlertLevel(
  tx: Tx,
  accountId: string,
  alertId: string,
  level: number,
  now: Temporal.Instant,
): Promise<void> {
  await update(tx, accountId, alertId, { level, level_since: now });
}

/**
 * What is open was raised before what is done now, also where the clock that raised it was ahead of this one: money, a plan or a cap must
 * not be taken for an older one, or the next episode would be told to nobody. (rule 19) The account must be locked.
 */
export async function dateAlertsBefore(tx: Tx, accountId: string, at: Temporal.Instant): Promise<void> {
  const before = sql<Temporal.Instant>`${at}::timestamptz - interval '1 microsecond'`;
  await tx
    .updateTable('alerts')
    .set({ level_since: before, opened_at: sql`least(opened_at, ${before})` })
    .where('account_id', '=', accountId)
    .where('closed_at', 'is', null)
    .where('level_since', '>=', at)
    .execute();
}

/** Keeps what was told of a level that was reached: from now on an answer to it is awaited, whatever was answered before. (rule 19) */
export async function markTold(
  tx: Tx,
  accountId: string,
  alertId: string,
  told: Announcement,
  now: Temporal.Instant,
): Promise<void> {
  await update(tx, accountId, alertId, {
    told: toldToJson({ announcement: told, at: now }),
    told_at: now,
    awaited_since: now,
    acked_at: null,
    acked_by: null,
    acked_name: null,
    snoozed_at: null,
    snoozed_until: null,
    snoozed_by: null,
    snoozed_name: null,
    repeats: 0,
    second_contact_at: null,
    second_contact_name: null,
    operator_at: null,
  });
}

/** Keeps what was told again, after so many moments for it. `awaitedSince`: where a snooze is over with it. */
export async function markRepeated(
  tx: Tx,
  accountId: string,
  alertId: string,
  { told, repeats, awaitedSince }: { told: Told; repeats: number; awaitedSince: Temporal.Instant | null },
): Promise<void> {
  await update(tx, accountId, alertId, {
    told: toldToJson(told),
    repeats,
    ...(awaitedSince === null
      ? {}
      : {
          awaited_since: awaitedSince,
          snoozed_at: null,
          snoozed_until: null,
          snoozed_by: null,
          snoozed_name: null,
        }),
  });
}

export async function markAcknowledged(
  tx: Tx,
  accountId: string,
  alertId: string,
  by: { staffId: string; name: string },
  now: Temporal.Instant,
): Promise<void> {
  await update(tx, accountId, alertId, { acked_at: now, acked_by: by.staffId, acked_name: by.name });
}

export async function markSnoozed(
  tx: Tx,
  accountId: string,
  alertId: string,
  by: { staffId: string; name: string; until: Temporal.Instant },
  now: Temporal.Instant,
): Promise<void> {
  await update(tx, accountId, alertId, {
    snoozed_at: now,
    snoozed_until: by.until,
    snoozed_by: by.staffId,
    snoozed_name: by.name,
  });
}

/** To whom it was escalated: the second contact of this name (empty where they could not be told), or the operator. */
export async function markEscalated(
  tx: Tx,
  accountId: string,
  alertId: string,
  to: { secondContact: string } | 'operator',
  now: Temporal.Instant,
): Promise<void> {
  await update(
    tx,
    accountId,
    alertId,
    to === 'operator' ? { operator_at: now } : { second_contact_at: now, second_contact_name: to.secondContact },
  );
}

export async function closeAlert(tx: Tx, accountId: string, alertId: string, now: Temporal.Instant): Promise<void> {
  await update(tx, accountId, alertId, { closed_at: now });
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

async function update(
  tx: Tx,
  accountId: string,
  alertId: string,
  values: Partial<Record<keyof Schema['alerts'], string | number | Temporal.Instant | null>>,
): Promise<void> {
  await tx
    .updateTable('alerts')
    .set(values as object)
    .where('account_id', '=', accountId)
    .where('alert_id', '=', alertId)
    .execute();
}

/** A code that no alert of the account has, and none had lately: what a card says does not come to mean another alert. */
async function freeCode(tx: Tx, accountId: string, now: Temporal.Instant): Promise<string> {
  const taken = await tx
    .selectFrom('alerts')
    .select('code')
    .where('account_id', '=', accountId)
    .where('code', 'is not', null)
    .where(({ eb, or }) => or([eb('closed_at', 'is', null), eb('closed_at', '>', now.subtract(CODE_REST))]))
    .execute();
  const codes = new Set(taken.map(({ code }) => code));
  for (let tried = 0; tried < CODE_TRIES; tried += 1) {
    const code = oneOf(LETTERS) + oneOf(DIGITS) + oneOf(LETTERS);
    if (!codes.has(code)) return code;
  }
  throw new Error('no free alert code was found; too many alerts were raised');
}

function oneOf(characters: string): string {
  return characters[randomInt(characters.length)] ?? '';
}

export function toEpisode(row: Selectable<Schema['alerts']>): StoredEpisode {
  const { acked_at, acked_name, snoozed_at, snoozed_until, snoozed_name, second_contact_at, second_contact_name } = row;
  return {
    id: row.alert_id,
    kind: row.kind as AlertKind,
    subject: row.subject,
    level: row.level,
    openedAt: row.opened_at,
    levelSince: row.level_since,
    code: row.code ?? '',
    told: row.told === null ? null : toldFromJson(row.told),
    toldAt: row.told_at,
    awaitedSince: row.awaited_since,
    acknowledged: acked_at && { at: acked_at, byName: acked_name ?? '' },
    snoozed: snoozed_at && snoozed_until && { at: snoozed_at, until: snoozed_until, byName: snoozed_name ?? '' },
    repeats: row.repeats,
    secondContact: second_contact_at && { at: second_contact_at, name: second_contact_name ?? '' },
    operatorAt: row.operator_at,
  };
}
