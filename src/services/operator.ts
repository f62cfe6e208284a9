import { alertName } from '../domain/alert-levels.ts';
import type { Episode } from '../domain/episode.ts';
import type { OperatorAlert } from '../domain/operator-alert.ts';
import { markExhausted, markWarned } from '../store/call-limits.ts';
import { countDeadSince } from '../store/notice-letters.ts';
import { countTried } from '../store/notice-queue.ts';
import { insertNotice, NO_ACCOUNT } from '../store/notices.ts';
import type { Difference } from '../store/reconciliation.ts';
import type { Tx } from '../store/schema.ts';
import { newOutTrackId } from './announce.ts';
import type { ServiceContext } from './context.ts';

/** The operator's days, by which alerts are told once. */
const TIME_ZONE = 'Asia/Shanghai';
const FIGURES_SHOWN = 5;

export interface OperatorAlertOptions {
  /** The episode: the same one is told once. */
  readonly episode: string;
  /** Whom it is about. Default: no account. */
  readonly accountId?: string;
}

/**
 * Tells whoever runs the service, in the transaction that caused it: in their group or directly, and where neither is configured or works,
 * by an error in the log with the alert's kind as its code. (rules 5, 8, 22 and 23)
 * @returns false when this episode was told before
 */
async function tellOperator(
  context: ServiceContext,
  tx: Tx,
  alert: OperatorAlert,
  { episode, accountId = NO_ACCOUNT }: OperatorAlertOptions,
): Promise<boolean> {
  const { operator, clock } = context;
  if (!operator) return false;
  const { conversationId, staffIds, compose } = operator;
  const now = clock.now();
  return insertNotice(
    tx,
    {
      accountId,
      key: `operator/${alert.kind}/${episode}`,
      reason: alert.kind,
      recipient: 'operator',
      target: { type: 'operator', conversationId, staffIds },
      content: compose(alert, now),
      outTrackId: newOutTrackId(),
      urgency: 'critical',
      merges: true,
    },
    now,
  );
}

/** Rule 5: once a day for each account and country. */
export async function tellUnpriced(
  context: ServiceContext,
  tx: Tx,
  account: { readonly id: string; readonly name: string },
  countries: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [country, records] of countries) {
    const alert = { kind: 'usage_unpriced', accountName: account.name, country, records } as const;
    await tellOperator(context, tx, alert, {
      episode: `${account.id}/${country}/${dayOf(context)}`,
      accountId: account.id,
    });
  }
}

/** Rule 21: once for each time that the alert is told anew. */
export async function tellUnanswered(
  context: ServiceContext,
  tx: Tx,
  account: { readonly id: string; readonly name: string },
  episode: Episode,
): Promise<void> {
  const since = episode.toldAt ?? episode.openedAt;
  await tellOperator(
    context,
    tx,
    {
      kind: 'alert_unanswered',
      accountName: account.name,
      alert: alertName(episode),
      since,
      secondContact: episode.secondContact?.name ?? null,
    },
    { episode: `${episode.id}/${since}`, accountId: account.id },
  );
}

/** Rule 8: once a night for each account. */
export async function tellDifferences(
  context: ServiceContext,
  tx: Tx,
  differences: readonly Difference[],
): Promise<void> {
  for (const [accountId, ofAccount] of Map.groupBy(differences, (difference) => difference.accountId)) {
    const figures = ofAccount.slice(0, FIGURES_SHOWN).map(({ figure, subject }) => `${figure} ${subject}`.trim());
    const accountName = ofAccount[0]?.accountName ?? accountId;
    const alert = { kind: 'books_differ', accountName, differences: ofAccount.length, figures } as const;
    await tellOperator(context, tx, alert, { episode: `${accountId}/${dayOf(context)}`, accountId });
  }
}

/** Rule 22: at the first dead letter of a day, the tenth, the hundredth and so on, in the transaction in which they become that. */
export async function tellDeadLetters(context: ServiceContext, tx: Tx, lastError: string): Promise<void> {
  const day = context.clock.now().toZonedDateTimeISO(TIME_ZONE).startOfDay().toInstant();
  const count = await countDeadSince(tx, day);
  if (count === 0) return;
  const step = 10 ** Math.floor(Math.log10(count));
  await tellOperator(context, tx, { kind: 'notices_dead', count, lastError }, { episode: `${dayOf(context)}/${step}` });
}

/**
 * Rule 22: once a day, when a notice could not be said in half a day and waits on. It may be an outage, in which the operator has to act.
 * @param attempts after so many a notice is stuck
 */
export async function tellStuckNotices(
  context: ServiceContext,
  tx: Tx,
  attempts: number,
  lastError: string,
): Promise<void> {
  const count = await countTried(tx, attempts);
  await tellOperator(context, tx, { kind: 'notices_stuck', count, lastError }, { episode: dayOf(context) });
}

/** Once a day for each account and receiver. */
export async function tellDeadWebhook(
  context: ServiceContext,
  tx: Tx,
  account: { readonly id: string; readonly name: string },
  host: string,
  lastError: string,
): Promise<void> {
  const alert = { kind: 'webhook_dead', accountName: account.name, host, lastError } as const;
  await tellOperator(context, tx, alert, {
    episode: `${account.id}/${host}/${dayOf(context)}`,
    accountId: account.id,
  });
}

/** Rule 23: once a month, when its calls run out, and when the platform gives no more. */
export async function tellCallBudget(
  context: ServiceContext,
  tx: Tx,
  news: {
    readonly state: 'running_out' | 'used_up';
    readonly month: string;
    readonly used: number;
    readonly limit: number;
  },
): Promise<void> {
  const { state, month, used, limit } = news;
  const mark = state === 'used_up' ? markExhausted : markWarned;
  if (!(await mark(tx, month, context.clock.now()))) return;
  await tellOperator(context, tx, { kind: `calls_${state}`, used, limit }, { episode: month });
}

/** Once a day for each alarm of the connection to DingTalk. */
export async function tellStreamAlarm(
  context: ServiceContext,
  tx: Tx,
  kind: 'credentials_refused' | 'gateway_refused' | 'quota_exhausted',
): Promise<void> {
  await tellOperator(context, tx, { kind }, { episode: dayOf(context) });
}

function dayOf({ clock }: ServiceContext): string {
  return clock.now().toZonedDateTimeISO(TIME_ZONE).toPlainDate().toString();
}
