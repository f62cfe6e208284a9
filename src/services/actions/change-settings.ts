import { randomUUID } from 'node:crypto';
import type { ActionOf } from '../../domain/approval.ts';
import { RuleError } from '../../domain/errors.ts';
import { quietUntil } from '../../domain/quiet-hours.ts';
import { type PlanTerms, renewalTerms, sameTerms } from '../../domain/quote.ts';
import { assertGuards, assertPolicy } from '../../domain/renewal.ts';
import { type AccountSettings, isSameValue, onlyLimitsSpending } from '../../domain/settings.ts';
import { type Account, makeDue } from '../../store/accounts.ts';
import { dateAlertsBefore } from '../../store/alerts.ts';
import { type Group, readGroup, setGroupLanguage } from '../../store/groups.ts';
import { releaseHeld } from '../../store/notices.ts';
import type { Tx } from '../../store/schema.ts';
import { writeSettings } from '../../store/settings.ts';
import { announce } from '../announce.ts';
import { setAutoRenewal } from '../auto-renewal.ts';
import { billWaitOf } from '../bills.ts';
import type { ServiceContext } from '../context.ts';
import { planDailyDigest, replanMonthlyDigests } from '../digest.ts';
import { assertSold, findOffer } from '../offers.ts';
import { assertCurrency } from '../plans.ts';
import { changedPolicy, changedSettings, currentValue, type GroupSettings, readGroupSettings } from '../settings.ts';
import type { ActionHandler, AtOnce, CarryOut } from './action.ts';

type Change = ActionOf<'change_settings'>;

/**
 * Changes one setting of an account or of a group, from the value that was shown to another. (rules 13 and 16)
 *
 * An administrator's own change is confirmed, with two exceptions: what only makes auto-renewal spend less or ask more often is a brake and
 * acts at once, and so does a group's language, which harms nobody.
 */
export const changeSettingsAction: ActionHandler<'change_settings'> = {
  complete: async (context, tx, _account, action) => {
    const offer = await termsOf(context, tx, action);
    return offer ? { ...action, offer } : action;
  },
  check: async (context, tx, account, action) => {
    const { current } = await readCurrent(context, tx, account, action);
    if (isSameValue(action.before, action.after)) {
      throw new RuleError('setting_unchanged', 'It is set so already; nothing was changed.');
    }
    assertAsShown(action, current);
    await assertAllowed(context, tx, account, action, current);
  },
  atOnce: async (_context, _tx, _account, { setting, before, after }): Promise<AtOnce> =>
    setting === 'language' || onlyLimitsSpending(setting, before, after) ? 'always' : 'never',
  carryOut: async (context, tx, account, action, by) => {
    const { group, current } = await readCurrent(context, tx, account, action);
    if (isSameValue(currentValue(current, action.setting), action.after)) return 'no_longer_needed';
    assertAsShown(action, current);
    await assertAllowed(context, tx, account, action, current);
    // Who agreed to an offer agreed to its version.
    const offer = action.offer && (await termsOf(context, tx, action));
    if (action.offer && !(offer && sameTerms(action.offer, offer))) return 'price_changed';
    await change(context, tx, account, group, action, current, by);
    return 'done';
  },
  isNeeded: async (context, tx, account, action) => {
    const group = await readGroup(tx, action.group);
    if (group?.accountId !== account.id) return false;
    const current = await readGroupSettings(tx, group, context.clock.now());
    return !isSameValue(currentValue(current, action.setting), action.after);
  },
  replaces: (older, newer) =>
    older.setting === newer.setting &&
    older.group.corpId === newer.group.corpId &&
    older.group.conversationId === newer.group.conversationId,
};

/** What auto-renewal would buy of the offer that is to be chosen; undefined for any other setting, and for an offer that is not sold. */
async function termsOf(context: ServiceContext, tx: Tx, { setting, after }: Change): Promise<PlanTerms | undefined> {
  if (setting !== 'offer' || typeof after !== 'object' || after === null) return undefined;
  const { offer, isSold } = (await findOffer(tx, after.id)).stateAt(context.clock.now());
  return offer && isSold ? renewalTerms(offer) : undefined;
}

async function readCurrent(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  action: Change,
): Promise<{ group: Group; current: GroupSettings }> {
  const group = await readGroup(tx, action.group);
  if (group?.accountId !== account.id) {
    throw new RuleError('group_gone', 'The group is not bound to this account any more, so nothing was changed.');
  }
  return { group, current: await readGroupSettings(tx, group, context.clock.now()) };
}

/** Rule 17: what is changed is what was shown. */
function assertAsShown({ setting, before }: Change, current: GroupSettings): void {
  if (isSameValue(currentValue(current, setting), before)) return;
  throw new RuleError(
    'setting_moved',
    'The setting was changed by somebody else meanwhile, so nothing was done; look at it and ask again.',
  );
}

/** Rule 13: an offer that cannot lift the quota above the threshold is refused also while auto-renewal is off. */
async function assertAllowed(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  { setting, after }: Change,
  current: GroupSettings,
): Promise<void> {
  const policy = changedPolicy(current.policy, setting, after);
  if (!policy) {
    changedSettings(current.account, setting, after, context.clock.now());
    return;
  }
  const chosen = policy.offerId === null ? null : (await findOffer(tx, policy.offerId)).stateAt(context.clock.now());
  // An offer that has changed since it was chosen hinders no other setting, least of all a brake.
  if (chosen && setting === 'offer') assertSold(chosen.offer, chosen.isSold);
  const offer = chosen?.offer ?? null;
  if (setting === 'offer' || setting === 'threshold') {
    assertPolicy({ ...policy, enabled: policy.enabled || offer !== null }, offer);
  } else assertGuards(policy);
  assertCurrency(account, offer);
}

async function change(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  target: Group,
  action: Change,
  current: GroupSettings,
  { actor, group }: CarryOut,
): Promise<void> {
  const { setting, before, after } = action;
  const now = context.clock.now();
  if (setting === 'language') {
    // The others are not concerned by what one group is spoken to in.
    await setGroupLanguage(tx, target, after === 'en' ? 'en' : 'zh-CN');
    return;
  }
  const policy = changedPolicy(current.policy, setting, after);
  const settings = changedSettings(current.account, setting, after, now);
  if (policy) await setAutoRenewal(context, tx, account.id, policy, actor.staffId ?? '');
  if (settings) {
    await writeSettings(tx, account.id, settings, now);
    if (setting === 'balance_alert') await dateAlertsBefore(tx, account.id, now);
    await replan(context, tx, account, setting, settings);
  }
  await makeDue(tx, account.id, now);
  await announce(
    context,
    tx,
    account,
    { kind: 'setting_changed', setting, before, after, byName: actor.name },
    { key: `setting/${randomUUID()}`, except: group.conversationId },
  );
}

/** What is planned already follows the setting as it is now. */
async function replan(
  context: ServiceContext,
  tx: Tx,
  account: Account,
  setting: Change['setting'],
  settings: AccountSettings,
): Promise<void> {
  const now = context.clock.now();
  switch (setting) {
    case 'digest_at':
      return planDailyDigest(context, tx, account, settings);
    case 'monthly_digest_at':
      return replanMonthlyDigests(context, tx, account, settings, billWaitOf(context));
    case 'quiet_hours':
      return releaseHeld(tx, account.id, quietUntil(settings.quietHours, account.timeZone, now) ?? now);
  }
}
