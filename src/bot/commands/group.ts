import { readRenewalEpisode } from '../../services/auto-renewal.ts';
import { currentValue, readGroupSettings } from '../../services/settings.ts';
import { readBinding } from '../../store/groups.ts';
import { autoRenewalPromise } from '../compose/receipts.ts';
import { groupName, settingValue } from '../compose/settings.ts';
import { askButton, choiceButton, switchButton } from '../content.ts';
import { bullets } from '../markdown.ts';
import { offerTrouble } from '../offer-words.ts';
import { SETTING_WORDS } from '../setting-words.ts';
import { commandText } from '../vocabulary.ts';
import { renewalEpisode } from './auto-renew.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

/** Everything about the group in one card: its binding, its administrators, auto-renewal with its switch, alerts, language. */
export const group: Command = {
  name: 'group',
  who: 'group',
  run: async ({ tx, services, writer, bound }: GroupCommandContext): Promise<Reply> => {
    const { account, administrators } = bound;
    const current = await readGroupSettings(tx, bound.group, services.clock.now());
    const { policy, offer } = current;
    const trouble = policy.enabled ? offerTrouble(writer, current) : undefined;
    const binding = await readBinding(tx, bound.group);
    const names = administrators.map(({ name, staffId }) => writer.name(name.trim() || staffId));
    const alertsTo = SETTING_WORDS.alerts_to[writer.language][0];
    return {
      title: writer.text('group.title', { group: groupName(writer, bound.group.title) }),
      paragraphs: [
        bullets([
          writer.text('group.account', { account: writer.name(account.name) }),
          binding && writer.text('group.bound_at', { time: writer.time(binding.at) }),
          writer.text('group.administrators', { administrators: writer.allOf(names) }),
          writer.text('group.alerts_to', {
            value: settingValue(writer, 'alerts_to', currentValue(current, 'alerts_to')),
          }),
          writer.text('group.language', { value: settingValue(writer, 'language', bound.group.language) }),
        ]),
        writer.text(`auto_renewal.${policy.enabled ? 'on' : 'off'}.state`),
        trouble ??
          (policy.enabled
            ? autoRenewalPromise(writer, policy.threshold, offer?.title ?? null)
            : writer.text(offer ? 'auto_renewal.off.next' : 'error.offer_missing')),
        policy.enabled ? renewalEpisode(writer, await readRenewalEpisode(tx, account.id)) : undefined,
        writer.asOf(services.clock.now(), account.name),
      ],
      buttons: [
        ...(policy.enabled || offer ? [switchButton(writer, policy.enabled ? 'off' : 'on', 'primary')] : []),
        askButton(writer, 'admins'),
        choiceButton(alertsTo, 0, commandText(writer.language, 'settings', alertsTo)),
        askButton(writer, 'settings'),
        choiceButton(writer.text('button.unbind'), 1, commandText(writer.language, 'unbind'), 'danger'),
      ],
    };
  },
};
