import type { ActionOf, LimitTexts } from '../../domain/approval.ts';
import { RuleError } from '../../domain/errors.ts';
import { assertLimit, canBeLifted, type Limit, type LimitValues, limitId, onlyLowers } from '../../domain/limit.ts';
import { leftStops } from '../../domain/sending-state.ts';
import type { Account } from '../../store/accounts.ts';
import { readLimits } from '../../store/limits.ts';
import type { Tx } from '../../store/schema.ts';
import type { ServiceContext } from '../context.ts';
import { readCaps, setLimit } from '../limits.ts';
import { readSendingState } from '../sending.ts';
import type { ActionHandler } from './action.ts';

type SetLimit = ActionOf<'set_limit'>;

/**
 * Sets a cap, from the values that were shown to others. Lowering one is a brake and acts at once; what lets more be sent, or sending go on
 * that was capped, is confirmed. (rule 16)
 */
export const setLimitAction: ActionHandler<'set_limit'> = {
  complete: async (context, tx, account, action) => {
    if (!(await lifts(context, tx, account, action))) return { ...action, lifts: false };
    const { reasons } = await readSendingState(context, tx, account.id);
    return { ...action, lifts: true, left: leftStops(action, { limits: await readLimits(tx, account.id), reasons }) };
  },
  check: async (context, tx, account, action) => {
    assertLimit(valuesOf(action.after));
    const current = await currentOf(tx, account, action);
    assertAsShown(current, action);
    const changes = !isSame(textsOf(current), action.after);
    // The same values again lift a cap whose period is over.
    if (!changes && !(await lifts(context, tx, account, action))) {
      throw new RuleError('limit_unchanged', 'The limit is set so already; nothing was changed.');
    }
  },
  atOnce: async (_context, _tx, _account, { before, after, lifts: goesOn }) =>
    !goesOn && onlyLowers(valuesOf(before), valuesOf(after)) ? 'always' : 'never',
  isNeeded: async (_context, tx, account, action) => {
    const current = await currentOf(tx, account, action);
    return !isSame(textsOf(current), action.after) || isLeftToLift(current, action);
  },
  isSame: (one, other) =>
    isSameKey(one, other) &&
    isSame(one.before, other.before) &&
    isSame(one.after, other.after) &&
    one.lifts === other.lifts,
  replaces: isSameKey,
  carryOut: async (context, tx, account, action, { group, actor }) => {
    const { period, unit, after } = action;
    const current = await currentOf(tx, account, action);
    const changes = !isSame(textsOf(current), after);
    if (!changes && !isLeftToLift(current, action)) return 'no_longer_needed';
    assertAsShown(current, action);
    if (!changes && !(await lifts(context, tx, account, action))) {
      throw new RuleError('cap_still_reached', 'What is used now still reaches the limit; raise the limit first.');
    }
    const { reasons, lifted } = await setLimit(context, tx, account, {
      key: { period, unit },
      after: valuesOf(after),
      by: actor.staffId ?? '',
      byName: actor.name,
      mayLift: action.lifts,
      except: group.conversationId,
    });
    return { outcome: 'done', sending: { reasons, lifted } };
  },
};

/** Values as an action keeps them. */
export function textsOf(values: LimitValues | null): LimitTexts | null {
  return values && { stop: values.stop?.toString() ?? null, warn: values.warn?.toString() ?? null };
}

/** What an action's values mean. */
export function valuesOf(texts: LimitTexts | null): LimitValues | null {
  const of = (text: string | null) => (text === null ? null : BigInt(text));
  return texts && { stop: of(texts.stop), warn: of(texts.warn) };
}

async function currentOf(tx: Tx, account: Account, action: SetLimit): Promise<Limit | null> {
  return (await readLimits(tx, account.id)).find((limit) => limitId(limit) === limitId(action)) ?? null;
}

/** Rule 17: what is changed is what was shown. */
function assertAsShown(current: Limit | null, { before }: SetLimit): void {
  if (isSame(textsOf(current), before)) return;
  throw new RuleError(
    'setting_moved',
    'The setting was changed by somebody else meanwhile, so nothing was done; look at it and ask again.',
  );
}

function isSame(a: LimitTexts | null, b: LimitTexts | null): boolean {
  return (a?.stop ?? null) === (b?.stop ?? null) && (a?.warn ?? null) === (b?.warn ?? null);
}

function isSameKey(one: SetLimit, other: SetLimit): boolean {
  return limitId(one) === limitId(other);
}

/** Whether it said that it lifts the cap, and that is still reached. */
function isLeftToLift(current: Limit | null, action: SetLimit): boolean {
  return action.lifts && current?.reached != null;
}

/** Whether the cap was reached, and is not with the new value. */
async function lifts(context: ServiceContext, tx: Tx, account: Account, action: SetLimit): Promise<boolean> {
  const current = await currentOf(tx, account, action);
  if (!current?.reached) return false;
  const { present } = await readCaps(tx, account, context.clock.now());
  return canBeLifted({ ...current, stop: valuesOf(action.after)?.stop ?? null }, present);
}
