import type { ApprovalAction } from '../../domain/approval.ts';
import type { ActionHandler } from './action.ts';
import { addAdministratorAction, removeAdministratorAction } from './administrators.ts';
import { changeSettingsAction } from './change-settings.ts';
import { pauseAction } from './pause.ts';
import { purchaseAction } from './purchase.ts';
import { renewAction } from './renew.ts';
import { resumeAction } from './resume.ts';
import { setLimitAction } from './set-limit.ts';
import { setTwoPersonAction } from './set-two-person.ts';
import { switchAutoRenewalAction } from './switch-auto-renewal.ts';
import { unbindGroupAction } from './unbind-group.ts';

const HANDLERS: { readonly [T in ApprovalAction['type']]: ActionHandler<T> } = {
  switch_auto_renewal: switchAutoRenewalAction,
  purchase: purchaseAction,
  set_two_person: setTwoPersonAction,
  change_settings: changeSettingsAction,
  add_administrator: addAdministratorAction,
  remove_administrator: removeAdministratorAction,
  unbind_group: unbindGroupAction,
  renew: renewAction,
  pause: pauseAction,
  resume: resumeAction,
  set_limit: setLimitAction,
};

/** What is known of an action's kind. */
export function handlerOf(action: ApprovalAction): ActionHandler {
  // Each handler takes the actions of the type under which it stands.
  return HANDLERS[action.type] as ActionHandler;
}
