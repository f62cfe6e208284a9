import { isCritical } from '../domain/alert-levels.ts';
import { type AlertDeed, awaitsAnswer, SNOOZE_MINUTES } from '../domain/episode.ts';
import { RuleError } from '../domain/errors.ts';
import { type Account, lockAccount, makeDue } from '../store/accounts.ts';
import { markAcknowledged, markSnoozed, readAlertByCode, readOpenAlerts, type StoredEpisode } from '../store/alerts.ts';
import type { Group } from '../store/groups.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { record } from './audit.ts';
import type { ServiceContext } from './context.ts';
import { showEpisode } from './episodes.ts';
import { type Actor, assertAdministrator, type Staff } from './roles.ts';

/** Which alerts are answered: the only one there is, one by its code, or all of them. */
export type AlertChoice = { readonly code: string } | 'only' | 'all';

/** What came of an answer. */
export type AnswerResult =
  | { readonly type: 'answered'; readonly episodes: readonly StoredEpisode[] }
  /** Several wait for an answer, and none was named. */
  | { readonly type: 'which'; readonly episodes: readonly StoredEpisode[] }
  | { readonly type: 'none' }
  | { readonly type: 'unknown' }
  /** Somebody acknowledged it before. */
  | { readonly type: 'acknowledged'; readonly episode: StoredEpisode; readonly by: AlertDeed }
  | { readonly type: 'ended'; readonly episode: StoredEpisode; readonly at: Temporal.Instant };

/** The alerts that wait for an answer, the oldest first. */
export async function readUnanswered(db: Executor, accountId: string): Promise<StoredEpisode[]> {
  return (await readOpenAlerts(db, accountId)).filter(awaitsAnswer);
}

/**
 * Stops the repeats and the escalation of alerts: somebody knows of them. What gets worse is told all the same. (rule 19)
 * @throws RuleError `not_administrator`
 */
export function acknowledgeAlerts(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  choice: AlertChoice,
): Promise<AnswerResult> {
  return answer(context, tx, group, actor, choice, async (account, person, episode) => {
    const now = context.clock.now();
    await markAcknowledged(tx, account.id, episode.id, person, now);
    const { kind, level, code } = episode;
    await record(context, tx, account.id, {
      by: person,
      deed: { type: 'alert_acknowledged', alert: kind, level, code },
    });
    return { ...episode, acknowledged: { byName: person.name, at: now } };
  });
}

/**
 * Holds back the repeats and the escalation of alerts for a while; then they are told again. (rule 19)
 * @throws RuleError `not_administrator`, `snooze_out_of_range`
 */
export function snoozeAlerts(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  choice: AlertChoice,
  duration: Temporal.Duration,
): Promise<AnswerResult> {
  const minutes = duration.total('minutes');
  if (minutes < SNOOZE_MINUTES.min || minutes > SNOOZE_MINUTES.max) {
    throw new RuleError(
      'snooze_out_of_range',
      'An alert is held back for one minute to seven days; nothing was changed.',
    );
  }
  return answer(context, tx, group, actor, choice, async (account, person, episode) => {
    const now = context.clock.now();
    const until = now.add(duration);
    await markSnoozed(tx, account.id, episode.id, { ...person, until }, now);
    const { kind, level, code } = episode;
    await record(context, tx, account.id, {
      by: person,
      deed: { type: 'alert_snoozed', alert: kind, level, code, until: until.toString() },
    });
    return { ...episode, snoozed: { byName: person.name, at: now, until } };
  });
}

async function answer(
  context: ServiceContext,
  tx: Tx,
  group: Group,
  actor: Actor,
  choice: AlertChoice,
  write: (account: Account, person: Staff, episode: StoredEpisode) => Promise<StoredEpisode>,
): Promise<AnswerResult> {
  const account = await lockAccount(tx, group.accountId);
  await assertAdministrator(tx, group, actor);
  if (actor.staffId === null) throw new RangeError('an administrator has a staff id');
  const person = { ...actor, staffId: actor.staffId };
  const open = await readUnanswered(tx, account.id);
  const chosen = typeof choice === 'string' ? open : open.filter(({ code }) => code === choice.code);
  if (chosen.length === 0) return typeof choice === 'string' ? { type: 'none' } : late(tx, account, choice.code);
  if (choice === 'only' && chosen.length > 1) return { type: 'which', episodes: chosen };
  const episodes: StoredEpisode[] = [];
  for (const episode of chosen) {
    const answered = await write(account, person, episode);
    await showEpisode(context, tx, account, episode.id, {
      episode: answered,
      isAllClear: answered.acknowledged !== null,
    });
    episodes.push(answered);
  }
  // The next look is at another time now.
  await makeDue(tx, account.id, context.clock.now());
  return { type: 'answered', episodes };
}

/** Why an alert does not wait for an answer. */
async function late(tx: Tx, account: Account, code: string): Promise<AnswerResult> {
  const found = await readAlertByCode(tx, account.id, code);
  if (!found) return { type: 'unknown' };
  const { episode, closedAt } = found;
  if (closedAt) return { type: 'ended', episode, at: closedAt };
  if (episode.acknowledged) return { type: 'acknowledged', episode, by: episode.acknowledged };
  return isCritical(episode) ? { type: 'unknown' } : { type: 'none' };
}
