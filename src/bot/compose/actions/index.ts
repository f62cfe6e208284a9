import type { ApprovalAction } from '../../../domain/approval.ts';
import type { ActionWords } from './action-words.ts';
import { addAdministratorWords, removeAdministratorWords } from './administrators.ts';
import { changeSettingsWords } from './change-settings.ts';
import { pauseWords, resumeWords, setLimitWords } from './limits.ts';
import { purchaseWords } from './purchase.ts';
import { renewWords } from './renew.ts';
import { setTwoPersonWords } from './set-two-person.ts';
import { switchAutoRenewalWords } from './switch-auto-renewal.ts';
import { unbindGroupWords } from './unbind-group.ts';

const WORDS: { readonly [T in ApprovalAction['type']]: ActionWords<T> } = {
  switch_auto_renewal: switchAutoRenewalWords,
  set_two_person: setTwoPersonWords,
  change_settings: changeSettingsWords,
  add_administrator: addAdministratorWords,
  remove_administrator: removeAdministratorWords,
  unbind_group: unbindGroupWords,
  purchase: purchaseWords,
  renew: renewWords,
  pause: pauseWords,
  resume: resumeWords,
  set_limit: setLimitWords,
};

/** The words for an action's kind. */
export function wordsOf(action: ApprovalAction): ActionWords {
  // Each takes the actions of the type under which it stands.
  return WORDS[action.type] as ActionWords;
}
