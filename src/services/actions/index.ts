import type { ApprovalAction } from '../../domain/approval.ts';
import type { ActionHandler } from './action.ts';
import { renewAction } from './renew.ts';
import { switchAutoRenewalAction } from './switch-auto-renewal.ts';

const HANDLERS: { readonly [T in ApprovalAction['type']]: ActionHandler<T> } = {
  switch_auto_renewal: switchAutoRenewalAction,
  renew: renewAction,
};

/** What is known of an action's kind. */
export function handlerOf(action: ApprovalAction): ActionHandler {
  // Each handler takes the actions of the type under which it stands.
  return HANDLERS[action.type] as ActionHandler;
}
