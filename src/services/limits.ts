import { randomUUID } from 'node:crypto';
import type { SendingAfter } from '../domain/approval.ts';
import {
  assertLimit,
  canBeLifted,
  LIMIT_KEYS,
  type Limit,
  type LimitKey,
  type LimitValues,
  limitId,
  type PresentUse,
  presentUse,
  reachedAfter,
  usePeriodOf,
} from '../domain/limit.ts';
import { addMonths } from '../domain/month.ts';
import type { SendingState } from '../domain/sending-state.ts';
import { type Account, makeDue, writePause } from '../store/accounts.ts';
import { dateAlertsBefore } from '../store/alerts.ts';
import { liftLimit, markReached, readLimits, readPeriodUse, removeLimit, writeLimit } from '../store/limits.ts';
import type { Executor, Tx } from '../store/schema.ts';
import { announce } from './announce.ts';
import type { ServiceContext } from './context.ts';
import { readSendingState, settleSending } from './sending.ts';

/** A cap that an account can have, with what counts against it now. */
export interface LimitState {
  readonly key: LimitKey;
  /** Null where there is none. */
  readonly limit: Limit | null;
  /** In segments, or in micro-units. */
  readonly used: bigint;
  /** Whether sending is capped by it, and until an administrator lifts it. */
  readonly isReached: boolean;
}

/** Every cap that an account can have, and the use of the present day and month, in the order in which they are shown. */
export async function readLimitStates(
  db: Executor,
  account: Pick<Account, 'id' | 'timeZone'>,
  now: Temporal.Instant,
): Promise<LimitState[]> {
  const caps = await readCaps(db, account, now);
  return LIMIT_KEYS.map((key) => {
    const limit = caps.limits.find((candidate) => limitId(candidate) === limitId(key)) ?? null;
    return { key, limit, used: presentUse(key, caps.present).used, isReached: limit?.reached != null };
  });
}

/** An account's caps, and all that counts against them now. */
export interface Caps {
  readonly limits: readonly Limit[];
  readonly present: PresentUse;
}

export async function readCaps(
  db: Executor,
  { id, timeZone }: Pick<Account, 'id' | 'timeZone'>,
  now: Temporal.Instant,
): Promise<Caps> {
  const [day, month] = [usePeriodOf('day', now, timeZone), usePeriodOf('month', now, timeZone)];
  // What a gateway whose clock is ahead has reported of tomorrow counts as well.
  const tomorrow = Temporal.PlainDate.from(day).add({ days: 1 }).toString();
  const limits = await readLimits(db, id);
  // What is told of a cap that was reached is told of the period in which it was.
  const reachedIn = limits.flatMap(({ reached }) => reached?.in ?? []);
  const uses = await readPeriodUse(db, id, [...new Set([day, tomorrow, month, addMonths(month, 1), ...reachedIn])]);
  return { limits, present: { now, timeZone, uses } };
}

/** A change of a cap, by a person. */
export interface LimitChange {
  readonly key: LimitKey;
  /** Null takes the cap away. */
  readonly after: LimitValues | null;
  readonly by: string;
  readonly byName: string;
  /** Whether whoever agreed to it was told that it lifts a cap that was reached; without it only a higher stop does. Default: they were. */
  readonly mayLift?: boolean;
  /** A conversation that is told by the answer to its own command. */
  readonly except?: string;
}

/**
 * Sets a cap or takes it away. One that is set at or below what is used already caps sending at once; one that was reached is lifted when
 * it is set above that, unless nobody was told so. The account must be locked.
 * @returns the sending state that follows
 * @throws RuleError what `assertLimit` refuses
 */
export async function setLimit(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { key, after, by, byName, mayLift = true, except }: LimitChange,
): Promise<SendingState & SendingAfter> {
  assertLimit(after);
  const now = context.clock.now();
  const caps = await readCaps(tx, account, now);
  const before = caps.limits.find((limit) => limitId(limit) === limitId(key)) ?? null;
  const use = presentUse(key, caps.present);
  if (after === null) await removeLimit(tx, account.id, key);
  else {
    await writeLimit(tx, account.id, key, after, { at: now, by });
    const reached = reachedAfter(before, after, { mayLift, present: use }, now);
    if (reached) await markReached(tx, account.id, [{ limit: key, in: reached.in }], reached.at);
  }
  const state = await afterwards(context, tx, account);
  const { reasons } = state;
  const lifted = before?.reached != null && !reasons.includes('capped');
  await announce(
    context,
    tx,
    account,
    {
      kind: 'limit_changed',
      ...key,
      before: before && { stop: before.stop, warn: before.warn },
      after,
      used: use.used,
      byName,
      reasons,
      lifted,
    },
    { key: `limit/${randomUUID()}`, ...(except === undefined ? {} : { except }) },
  );
  return { ...state, lifted };
}

/** Who pauses or resumes. */
export interface SendingChange {
  readonly by: string;
  readonly byName: string;
  readonly except?: string;
}

/** Stops sending until an administrator resumes it. The account must be locked. */
export async function pauseSending(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { by, byName, except }: SendingChange,
): Promise<SendingState> {
  await writePause(tx, account.id, { at: context.clock.now(), by, byName });
  const state = await afterwards(context, tx, account);
  await announce(
    context,
    tx,
    account,
    { kind: 'sending_paused', byName },
    { key: `pause/${randomUUID()}`, ...(except === undefined ? {} : { except }) },
  );
  return state;
}

/** What resuming would end: the pause, and caps that are reached while less than their stop is used now. */
export interface Resumable {
  /** When sending was paused; null when it is not. */
  readonly pausedAt: Temporal.Instant | null;
  readonly caps: readonly Limit[];
  /** Caps that only a higher stop value ends. */
  readonly left: readonly Limit[];
}

export async function readResumable(context: ServiceContext, tx: Tx, account: Account): Promise<Resumable> {
  const { limits, present } = await readCaps(tx, account, context.clock.now());
  const reached = limits.filter((limit) => limit.reached !== null);
  return {
    pausedAt: account.pause?.at ?? null,
    caps: reached.filter((limit) => canBeLifted(limit, present)),
    left: reached.filter((limit) => !canBeLifted(limit, present)),
  };
}

/** Ends a pause, and lifts these caps. The account must be locked, and the caller must have checked that they can be lifted. */
export async function resumeSending(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  ends: { readonly pause: boolean; readonly caps: readonly LimitKey[] },
  { byName, except }: SendingChange,
): Promise<SendingState> {
  const now = context.clock.now();
  if (ends.pause) await writePause(tx, account.id, null);
  for (const cap of ends.caps) await liftLimit(tx, account.id, cap, now);
  const state = await afterwards(context, tx, account);
  await announce(
    context,
    tx,
    account,
    { kind: 'sending_resumed', byName, reasons: state.reasons },
    { key: `resume/${randomUUID()}`, ...(except === undefined ? {} : { except }) },
  );
  return state;
}

async function afterwards(context: ServiceContext, tx: Tx, account: Account): Promise<SendingState> {
  const now = context.clock.now();
  // Alerts begin or end with it.
  await dateAlertsBefore(tx, account.id, now);
  await makeDue(tx, account.id, now);
  await settleSending(context, tx, account.id);
  return readSendingState(context, tx, account.id);
}
