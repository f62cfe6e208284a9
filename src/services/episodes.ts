import { randomUUID } from 'node:crypto';
import { RENEWAL_LEVEL } from '../domain/alert.ts';
import { isCritical } from '../domain/alert-levels.ts';
import type { Announcement, EpisodeNews } from '../domain/announcement.ts';
import { dueSteps, type EpisodeStep, type EscalationRule, nextStepAt } from '../domain/episode.ts';
import type { AccountSettings } from '../domain/settings.ts';
import type { Account } from '../store/accounts.ts';
import {
  markEscalated,
  markRepeated,
  markTold,
  openAlert,
  readOpenAlerts,
  type StoredEpisode,
  setAlertLevel,
} from '../store/alerts.ts';
import type { Tx } from '../store/schema.ts';
import type { Told } from '../store/told-json.ts';
import { announce, announceToPerson, changeCards } from './announce.ts';
import type { ServiceContext } from './context.ts';
import { tellUnanswered } from './operator.ts';

/** Finds out what an alert says now; undefined where the present state says nothing of it. */
export type SayNow = (episode: StoredEpisode) => Promise<Announcement | undefined>;

/** Tells that an alert has reached a level. An answer is awaited from now on, if the level is critical. (rules 19 and 21) */
export async function tellLevel(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  alertId: string,
  announcement: Announcement,
): Promise<void> {
  await markTold(tx, account.id, alertId, announcement, context.clock.now());
  const episode = (await readOpenAlerts(tx, account.id)).find(({ id }) => id === alertId);
  if (!episode) return;
  await tellAdministrators(context, tx, account, episode, { announcement, at: context.clock.now() }, 'news');
}

/**
 * Tells that auto-renewal failed or was stopped: that is an alert until it has succeeded or is over. Told again with a new reason, and when
 * a recharge was not enough. (rules 13, 14 and 19)
 */
export async function tellRenewalTrouble(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  renewalId: string,
  announcement: Extract<Announcement, { kind: 'renewal_failed' | 'renewal_stopped' }>,
): Promise<void> {
  const now = context.clock.now();
  const level = RENEWAL_LEVEL[announcement.kind === 'renewal_failed' ? 'failed' : 'stopped'];
  const open = (await readOpenAlerts(tx, account.id)).find(
    ({ kind, subject }) => kind === 'renewal' && subject === renewalId,
  );
  if (open) await setAlertLevel(tx, account.id, open.id, level, now);
  const id = open?.id ?? (await openAlert(tx, account.id, { kind: 'renewal', subject: renewalId, level }, now));
  await tellLevel(context, tx, account, id, announcement);
}

/**
 * Repeats and escalates what nobody has answered in time; a missed or repeated look changes nothing. (rules 19 and 21)
 * @returns when something is due for the open alerts next
 */
export async function settleEpisodes(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  settings: AccountSettings,
  sayNow: SayNow,
): Promise<Temporal.Instant[]> {
  const now = context.clock.now();
  const rule = ruleOf(settings);
  let hasStepped = false;
  const open = await readOpenAlerts(tx, account.id);
  for (const episode of open) {
    for (const step of dueSteps(episode, rule, now)) {
      // What the step before it told is what its cards say.
      const current = hasStepped ? await readOpenAlerts(tx, account.id) : open;
      const stepped = current.find(({ id }) => id === episode.id) ?? episode;
      await take(context, tx, account, { episode: stepped, step, settings, sayNow });
      hasStepped = true;
    }
  }
  const left = hasStepped ? await readOpenAlerts(tx, account.id) : open;
  return left.flatMap((episode) => nextStepAt(episode, rule) ?? []);
}

/**
 * Changes the cards of a critical alert to say what is so now: who has answered it, whom it was escalated to, that it is over. `isAllClear`:
 * the second contact, who cannot answer, is told too, because they need do nothing any more.
 */
export async function showEpisode(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  alertId: string,
  change: { readonly episode: StoredEpisode; readonly endedAt?: Temporal.Instant; readonly isAllClear?: boolean },
): Promise<void> {
  const { episode, endedAt = null, isAllClear = false } = change;
  const { told } = episode;
  if (!told) return;
  const key = randomUUID();
  await changeCards(context, tx, account, alertSubject(alertId), saying(told, episode, 'changed', endedAt), key);
  // They may have been told of a milder level, of which the episode knows nothing any more.
  if (!isAllClear) return;
  const allClear = saying(told, episode, 'second_contact', endedAt);
  await changeCards(context, tx, account, secondContactSubject(alertId), allClear, key);
}

interface Due {
  readonly episode: StoredEpisode;
  readonly step: EpisodeStep;
  readonly settings: AccountSettings;
  readonly sayNow: SayNow;
}

async function take(context: ServiceContext, tx: Tx, account: Account, due: Due): Promise<void> {
  const { episode, step, settings, sayNow } = due;
  const now = context.clock.now();
  switch (step.type) {
    case 'repeat': {
      const announcement = await sayNow(episode);
      const told = announcement ? { announcement, at: now } : episode.told;
      if (!told) return;
      if (episode.toldAt === null) return tellLevel(context, tx, account, episode.id, told.announcement);
      const awaitedSince = episode.snoozed ? now : null;
      await markRepeated(tx, account.id, episode.id, { told, repeats: step.repeats, awaitedSince });
      const unanswered = { ...episode, snoozed: null };
      return tellAdministrators(context, tx, account, unanswered, told, 'repeat');
    }
    case 'second_contact': {
      const { secondContact } = settings;
      if (!secondContact) return;
      const escalated = { ...episode, secondContact: { name: secondContact.name, at: now } };
      const { told } = escalated;
      const isTold =
        told !== null &&
        (await announceToPerson(
          context,
          tx,
          account,
          secondContact.staffId,
          saying(told, escalated, 'second_contact', null),
          { key: `alert/${episode.id}/${randomUUID()}`, subject: secondContactSubject(episode.id) },
        ));
      // The step is over either way: the operator is next.
      await markEscalated(tx, account.id, episode.id, { secondContact: isTold ? secondContact.name : '' }, now);
      if (!isTold) return;
      return showEpisode(context, tx, account, episode.id, { episode: escalated });
    }
    case 'operator': {
      await markEscalated(tx, account.id, episode.id, 'operator', now);
      await tellUnanswered(context, tx, account, episode);
      return showEpisode(context, tx, account, episode.id, { episode: { ...episode, operatorAt: now } });
    }
  }
}

async function tellAdministrators(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  episode: StoredEpisode,
  told: Told,
  as: 'news' | 'repeat',
): Promise<void> {
  // Each telling has a key of its own: a level that was eased by a purchase may be reached again, so its number does not name it.
  const key = `alert/${episode.id}/${randomUUID()}`;
  if (!isCritical(episode)) return announce(context, tx, account, told.announcement, { key });
  await announce(context, tx, account, saying(told, episode, as, null), { key, subject: alertSubject(episode.id) });
}

/** What was told, with what has become of it since. */
function saying(
  { announcement, at }: Told,
  episode: StoredEpisode,
  as: EpisodeNews['as'],
  endedAt: Temporal.Instant | null,
): Announcement {
  const { code, toldAt, acknowledged, snoozed, secondContact, operatorAt } = episode;
  const state = { acknowledged, snoozed, secondContact, operatorAt, endedAt };
  return { ...announcement, episode: { code, as, since: toldAt ?? at, figuresAt: at, ...state } };
}

export function ruleOf({ escalateAfterMinutes, secondContact }: AccountSettings): EscalationRule {
  return { afterMinutes: escalateAfterMinutes, hasSecondContact: secondContact !== null };
}

/** The subject of the cards about an alert. */
export function alertSubject(alertId: string): string {
  return `alert/${alertId}`;
}

function secondContactSubject(alertId: string): string {
  return `${alertSubject(alertId)}/second-contact`;
}
