import type { ActionOf, ReachedCap } from '../../domain/approval.ts';
import { RuleError } from '../../domain/errors.ts';
import { type Limit, limitId } from '../../domain/limit.ts';
import { isSuspended } from '../../domain/standing.ts';
import type { Account } from '../../store/accounts.ts';
import { readLimits } from '../../store/limits.ts';
import type { Tx } from '../../store/schema.ts';
import { readResumable, resumeSending } from '../limits.ts';
import type { ActionHandler } from './action.ts';

type Resume = ActionOf<'resume'>;

/**
 * Lets messages be sent again that a person has stopped, or a cap whose period is over. It ends the pause and lifts the caps that were
 * shown when it was asked for: not a pause that came after it. (rules 16 and 17)
 */
export const resumeAction: ActionHandler<'resume'> = {
  complete: async (context, tx, account) => {
    const { pausedAt, caps, left } = await readResumable(context, tx, account);
    return {
      type: 'resume',
      pausedAt: pausedAt?.toString() ?? null,
      caps: caps.map(shown),
      left: left.map(({ period, unit }) => ({ period, unit })),
      suspended: isSuspended(account.money, context.clock.now()),
    };
  },
  check: async (context, tx, account) => {
    const { pausedAt, caps, left } = await readResumable(context, tx, account);
    if (pausedAt || caps.length > 0) return;
    if (left.length > 0) {
      throw new RuleError('cap_still_reached', 'What is used now still reaches the limit; raise the limit first.');
    }
    throw new RuleError('already_so', 'Sending is neither paused nor capped.', { state: 'sending' });
  },
  atOnce: async () => 'never',
  isNeeded: async (_context, tx, account, action) => {
    const limits = await readLimits(tx, account.id);
    return endsPause(account, action) || limits.some((limit) => isShown(limit, action.caps));
  },
  replaces: () => true,
  carryOut: async (context, tx, account, action, { group, actor }) => {
    const { caps } = await readResumable(context, tx, account);
    const pause = endsPause(account, action);
    const lifted = caps.filter((limit) => isShown(limit, action.caps));
    if (!pause && lifted.length === 0) {
      if (!(await stillReached(tx, account, action))) return 'no_longer_needed';
      throw new RuleError('cap_still_reached', 'What is used now still reaches the limit; raise the limit first.');
    }
    const { reasons } = await resumeSending(
      context,
      tx,
      account,
      { pause, caps: lifted },
      { by: actor.staffId ?? '', byName: actor.name, except: group.conversationId },
    );
    return { outcome: 'done', sending: { reasons, lifted: true } };
  },
};

function shown({ period, unit, reached }: Limit): ReachedCap {
  return { period, unit, reachedAt: reached?.at.toString() ?? '' };
}

function endsPause(account: Account, { pausedAt }: Resume): boolean {
  return pausedAt !== null && account.pause?.at.toString() === pausedAt;
}

/** Whether a cap is the one that was shown, reached at that time and not again since. */
function isShown(limit: Limit, caps: readonly ReachedCap[]): boolean {
  return caps.some(
    (cap) => limitId(cap) === limitId(limit) && limit.reached !== null && limit.reached.at.toString() === cap.reachedAt,
  );
}

async function stillReached(tx: Tx, account: Account, { caps }: Resume): Promise<boolean> {
  return (await readLimits(tx, account.id)).some((limit) => isShown(limit, caps));
}
