import type { ActionOf, ApprovalAction, ApprovalOutcome, SendingAfter } from '../../domain/approval.ts';
import type { Account } from '../../store/accounts.ts';
import type { Group } from '../../store/groups.ts';
import type { Tx } from '../../store/schema.ts';
import type { ServiceContext } from '../context.ts';
import type { Requester } from '../requester.ts';
import type { Actor } from '../roles.ts';

/**
 * When an administrator's own request is carried out without a confirm card. `always`: it stops spending or sending, and a brake must not
 * wait. `unless_second_person`: nothing is spent by it at once, and one click undoes it. `never`: it is confirmed. (rule 16)
 */
export type AtOnce = 'always' | 'unless_second_person' | 'never';

export interface CarryOut {
  /** Where it was asked for or decided: its answer says so there, so it is not announced there again. */
  readonly group: Group;
  /** Who confirmed, approved or did it. */
  readonly actor: Actor;
  /** The approval that allows it, which names what is done once only; null for what is done at once. */
  readonly approvalId: string | null;
  /** Whose request it was, where somebody else approved it: they are called by what tells of it. */
  readonly requester: Requester | null;
}

/** What came of carrying out what is about sending, with what that has made of it: more may have happened since it was asked for. */
export interface CarriedOut {
  readonly outcome: ApprovalOutcome;
  readonly sending?: SendingAfter;
}

/** How a request was refused: by whom, or by nobody in time. */
export interface Refusal {
  readonly how: 'rejected' | 'expired';
  readonly byName: string | null;
  /** The request. */
  readonly approvalId: string;
}

/** What is known of a kind of action that needs an administrator. The account is locked whenever one of these is called. */
export interface ActionHandler<T extends ApprovalAction['type'] = ApprovalAction['type']> {
  /** Adds what the request binds, as it is now, such as a price that follows from it. */
  complete?(context: ServiceContext, tx: Tx, account: Account, action: ActionOf<T>): Promise<ActionOf<T>>;
  /**
   * Refuses what cannot be asked for now.
   * @throws RuleError with what is wrong, such as `already_so`
   */
  check(context: ServiceContext, tx: Tx, account: Account, action: ActionOf<T>): Promise<void>;
  atOnce(context: ServiceContext, tx: Tx, account: Account, action: ActionOf<T>): Promise<AtOnce>;
  /**
   * Does it, after looking again at everything but the role, which the caller has checked: price, balance, state. (rule 17)
   * @throws RuleError when it is not allowed any more; nothing has been written then
   */
  carryOut(
    context: ServiceContext,
    tx: Tx,
    account: Account,
    action: ActionOf<T>,
    by: CarryOut,
  ): Promise<ApprovalOutcome | CarriedOut>;
  /** Whether there is still anything to decide: a request of which this is false is closed by the next review. Default: there is. */
  isNeeded?(
    context: ServiceContext,
    tx: Tx,
    account: Account,
    action: ActionOf<T>,
    approvalId: string,
  ): Promise<boolean>;
  /** Whether two requests want the same. Default: that nothing in them differs. */
  isSame?(one: ActionOf<T>, other: ActionOf<T>): boolean;
  /** Whether who asks for `newer` means it in the place of `older`, which they asked for before. Default: only of the same. */
  replaces?(older: ActionOf<T>, newer: ActionOf<T>): boolean;
  /** What a refusal does beside closing the request. */
  refused?(context: ServiceContext, tx: Tx, account: Account, action: ActionOf<T>, refusal: Refusal): Promise<void>;
}

/** What a handler says came of it, in one form. */
export function carriedOut(result: ApprovalOutcome | CarriedOut): CarriedOut {
  return typeof result === 'string' ? { outcome: result } : result;
}
