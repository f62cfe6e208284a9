import { randomUUID } from 'node:crypto';
import { moneyToDecimal } from '../domain/money.ts';
import { type SendingState, sendingMark, sendingStateOf } from '../domain/sending-state.ts';
import { accountUnknown } from '../store/accounts.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { countSendingChange, readSending, type StoredSending } from '../store/sending.ts';
import { queueWebhookEvent } from '../store/webhooks.ts';
import type { ServiceContext } from './context.ts';

/**
 * Whether an account may send now, with every reason against it. (rule 9)
 * @throws InputError `account_unknown`
 */
export async function readSendingState(
  context: ServiceContext,
  db: Executor,
  accountId: string,
): Promise<SendingState> {
  const { state } = await readNow(context, db, accountId);
  return state;
}

/**
 * Tells the account's webhooks when its sending state is another one than they were told last, in the transaction that changed it. The
 * account must be locked. Every use case calls this that moves money, pauses, resumes or changes a cap; so does the review, for what time
 * alone changes.
 * @returns whether it was another one
 */
export async function settleSending(context: ServiceContext, tx: Tx, accountId: string): Promise<boolean> {
  const { state, stored } = await readNow(context, tx, accountId);
  if (sendingMark(state) === stored.told) return false;
  await tellSending(context, tx, accountId, state);
  return true;
}

/** Tells the account's webhooks a state that has just begun to hold. */
export async function tellSending(
  context: ServiceContext,
  tx: Tx,
  accountId: string,
  state: SendingState,
): Promise<void> {
  const sequence = await countSendingChange(tx, accountId, sendingMark(state));
  await queueWebhookEvent(
    tx,
    accountId,
    sendingEvent('sending.changed', accountId, sequence, state),
    context.clock.now(),
  );
}

/** Why a webhook is called: the state has changed, the subscription has begun, or the operator tries it. */
export type SendingEventKind = 'sending.changed' | 'sending.subscribed' | 'sending.test';

/** What a webhook is sent: the answer of `GET /v1/sending`, and what tells it from other events. */
export function sendingEvent(
  kind: SendingEventKind,
  accountId: string,
  sequence: bigint,
  state: SendingState,
): { eventId: string; sequence: bigint; body: string } {
  const eventId = randomUUID();
  const body = { event: kind, id: eventId, account: accountId, sequence: Number(sequence), ...sendingJson(state) };
  return { eventId, sequence, body: JSON.stringify(body) };
}

/** A sending state as gateways read it. */
export function sendingJson(state: SendingState): object {
  return {
    sending: state.sending,
    reasons: state.reasons,
    standing: state.standing,
    available: moneyToDecimal(state.available),
    quota: Number(state.quota),
    asOf: state.asOf.toString({ smallestUnit: 'millisecond' }),
  };
}

async function readNow(
  context: ServiceContext,
  db: Executor,
  accountId: string,
): Promise<{ state: SendingState; stored: StoredSending }> {
  const now = context.clock.now();
  const stored = await readSending(db, accountId, now);
  if (!stored) throw accountUnknown(accountId);
  return { state: sendingStateOf(stored.facts, stored.quota, now), stored };
}
