import { shareOf } from '../../domain/alert.ts';
import type { PlanOffer } from '../../domain/plan.ts';
import { isSameValue, type SettingName } from '../../domain/settings.ts';
import { requestAction } from '../../services/actions/request.ts';
import { readLimitStates } from '../../services/limits.ts';
import { readSale, type Sale } from '../../services/prices.ts';
import { currentValue, type GroupSettings, readGroupSettings } from '../../services/settings.ts';
import { askFor } from '../ask.ts';
import { limitName, limitValues } from '../compose/limits.ts';
import { behindWords, changeOf, settingValue } from '../compose/settings.ts';
import { askButton, choiceButton } from '../content.ts';
import { limitIn } from '../limit-words.ts';
import { bullets, escapeMarkdown, type Markdown } from '../markdown.ts';
import { announcedOffers, offerTrouble, renewalOffers } from '../offer-words.ts';
import { normalize } from '../parse.ts';
import { findNamed } from '../purchase-wish.ts';
import { type SettingChoice, settingChoices } from '../setting-choices.ts';
import { settingsNear, valueNear } from '../setting-suggestions.ts';
import { type Nameable, settingValueOf } from '../setting-values.ts';
import { SETTING_WORDS, settingIn, settingWord, TWO_PERSON_WORDS, twoPersonIn } from '../setting-words.ts';
import { commandText, SWITCH_WORDS, switchOf, VOCABULARY } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import { autoRenew } from './auto-renew.ts';
import { type Command, type GroupCommandContext, isAdministrator, type Reply } from './command.ts';
import { limits } from './limits.ts';
import { requestReply } from './request-reply.ts';

/** The settings that are most often changed get a button. */
const ON_BUTTONS = ['threshold', 'offer', 'alerts_to', 'quiet_hours', 'language'] as const;
/** The longest first. */
const AUTO_RENEWAL = [...VOCABULARY['auto-renew']['zh-CN'], ...VOCABULARY['auto-renew'].en].toSorted(
  (a, b) => b.length - a.length,
);
const RENEWAL = [
  'threshold',
  'offer',
  'purchases_per_day',
  'purchases_per_month',
  'money_per_month',
  'approval_above',
] as const;
const TELLING = [
  'alert_share',
  'balance_alert',
  'spike_factor',
  'alerts_to',
  'quiet_hours',
  'second_contact',
  'escalate_after',
  'digest_at',
  'monthly_digest_at',
] as const;

const NO_SALE: Sale = { sold: [], unsold: [], announced: [] };

/** Shows all that is set, and changes one setting; what is missing is asked for. (rules 13, 16 and 21) */
export const settings: Command = {
  name: 'settings',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, bound, argument } = context;
    const now = services.clock.now();
    const current = await readGroupSettings(tx, bound.group, now);
    const wanted = twoPersonIn(argument);
    if (wanted !== undefined) return twoPerson(context, wanted);
    const named = settingIn(argument);
    if (!named) return elsewhere(context) ?? (await unknown(context)) ?? overview(context, current);
    const sale = named.setting === 'offer' ? await readSale(tx, bound.account, now) : NO_SALE;
    const offers = sale.sold.map(({ offer }) => offer);
    // One that is not sold is refused by its name.
    const unsold = findNamed(sale.unsold, named.value);
    const read = settingValueOf(named.setting, named.value, nameable(context, offers));
    const value = read === undefined && unsold ? { id: unsold.id, name: unsold.title } : read;
    if (value === undefined) return ask(context, current, { ...named, offers, sale });
    return change(context, current, named.setting, value);
  },
};

/** What is shown among the settings and has a command of its own. */
function elsewhere(context: GroupCommandContext): Promise<Reply> | undefined {
  const { argument, bound } = context;
  if (limitIn(argument, bound.account.currency)) return limits.run(context);
  const word = AUTO_RENEWAL.find((name) => argument.startsWith(name));
  return word === undefined
    ? undefined
    : autoRenew.run({ ...context, argument: argument.slice(word.length).replace(/^[\s:=,、]+/u, '') });
}

/** A name that is none, where some are near; undefined where none is. */
async function unknown(context: GroupCommandContext): Promise<Reply | undefined> {
  const { tx, services, writer, bound, argument } = context;
  const near = settingsNear(argument);
  if (near.length === 0) return undefined;
  const isAboutOffers = near.some(({ setting }) => setting === 'offer');
  const { sold } = isAboutOffers ? await readSale(tx, bound.account, services.clock.now()) : NO_SALE;
  const offers = sold.map(({ offer }) => offer);
  const commands = near.map(({ setting, value }) => {
    if (setting === 'two_person') return join(TWO_PERSON_WORDS[writer.language][0], switchOf(value) && value);
    const isUnderstood = settingValueOf(setting, value, nameable(context, offers)) !== undefined;
    return join(SETTING_WORDS[setting][writer.language][0], isUnderstood && value);
  });
  const texts = commands.map((words) => commandText(writer.language, 'settings', words));
  const suggestions = texts.map((text) => writer.text('unknown.suggestion', { command: escapeMarkdown(text, 40) }));
  return {
    title: writer.text('settings.unknown.title'),
    paragraphs: [
      writer.text('settings.unknown', { said: writer.title(argument), suggestions: writer.anyOf(suggestions) }),
    ],
    buttons: [
      ...texts.map((text, index) => choiceButton(escapeMarkdown(text, 40), index, text, 'primary')),
      askButton(writer, 'settings'),
    ],
  };
}

function join(name: string, value: string | false | undefined): string {
  return value ? `${name} ${value}` : name;
}

function nameable({ bound, mentions }: GroupCommandContext, offers: readonly PlanOffer[]): Nameable {
  const colleague = mentions.find(({ staffId }) => staffId !== null);
  return {
    currency: bound.account.currency,
    offers,
    mentioned: colleague?.staffId ? { id: colleague.staffId, name: colleague.name || colleague.staffId } : null,
  };
}

async function change(
  context: GroupCommandContext,
  current: GroupSettings,
  setting: SettingName,
  after: ReturnType<typeof currentValue>,
): Promise<Reply> {
  const { tx, services, writer, bound, actor } = context;
  const before = currentValue(current, setting);
  const { corpId, conversationId, title } = bound.group;
  const action = {
    type: 'change_settings',
    group: { corpId, conversationId, title },
    setting,
    before,
    after,
  } as const;
  if (isSameValue(before, after)) {
    const { setting: name, after: now } = changeOf(writer, action);
    return overview(
      context,
      current,
      writer.text('settings.unchanged', { setting: name, after: behindWords(writer, now) }),
    );
  }
  const result = await requestAction(services, tx, bound.group, actor, action);
  if (result.type !== 'done') return requestReply(context, result);
  return {
    title: writer.text('setting_changed.title', changeOf(writer, action)),
    paragraphs: [
      writer.text('outcome.done.change_settings', changeOf(writer, action)),
      writer.text(`effect.setting.${setting}`),
      writer.asOf(services.clock.now(), bound.account.name),
    ],
    buttons: [askButton(writer, 'settings')],
    reviewDue: bound.account.id,
  };
}

/** A setting whose value is missing or not understood. */
function ask(
  context: GroupCommandContext,
  current: GroupSettings,
  { setting, value, offers, sale }: { setting: SettingName; value: string; offers: readonly PlanOffer[]; sale: Sale },
): Reply {
  const { writer, bound } = context;
  const word = settingWord(writer.language, setting);
  const given = { current, offers, currency: bound.account.currency };
  const { choices: known, example } = settingChoices(writer, setting, given);
  const named = nameable(context, offers);
  const meaningOf = (text: string) => settingValueOf(setting, normalize(text), named);
  const now = currentValue(current, setting);
  const others = known.filter((choice) => !isSameValue(meaningOf(choice.value) ?? null, now));
  const isWithoutOffers = setting === 'offer' && others.length === 0;
  const thresholdWord = SETTING_WORDS.threshold[writer.language][0];
  const choices = others.length > 0 || isWithoutOffers ? others : known;
  const near = value === '' ? undefined : valueNear(setting, value, named);
  const isNear = (choice: SettingChoice) =>
    near !== undefined && isSameValue(meaningOf(choice.value) ?? null, meaningOf(near) ?? null);
  const meant = known.find(isNear);
  return askFor(
    { ...context, argument: value },
    {
      command: 'settings',
      title: writer.text('settings.ask.title', { setting: word }),
      paragraphs: [
        meant &&
          writer.text('settings.ask.near', {
            command: escapeMarkdown(commandText(writer.language, 'settings', `${word} ${meant.value}`), 40),
          }),
        writer.text('settings.ask.now', { setting: word, value: settingValue(writer, setting, now) }),
        writer.text(`effect.setting.${setting}`),
        renewalOffers(writer, sale.sold, current.policy.threshold),
        ...announcedOffers(writer, sale.announced),
        isWithoutOffers
          ? writer.text('settings.ask.no_offer', { threshold: writer.segments(current.policy.threshold) })
          : undefined,
      ],
      choices: [
        ...(isWithoutOffers ? [{ label: writer.text('settings.ask.lower'), argument: thresholdWord }] : []),
        ...(meant ? [{ label: meant.label, argument: `${word} ${meant.value}`, style: 'primary' as const }] : []),
        ...choices
          .filter((choice) => choice !== meant)
          .map(({ label, value: chosen }) => ({ label, argument: `${word} ${chosen}` })),
      ],
      example: example === undefined ? undefined : `${word} ${example}`,
    },
  );
}

async function overview(context: GroupCommandContext, current: GroupSettings, first?: Markdown): Promise<Reply> {
  const { services, writer, bound, argument } = context;
  const line = (setting: SettingName) => settingLine(writer, current, setting);
  return {
    title: writer.text('settings.title'),
    paragraphs: [
      first ?? (argument === '' ? undefined : writer.text('ask.not_understood', { said: writer.title(argument) })),
      writer.text('settings.topic.renewal'),
      bullets(RENEWAL.map(line)),
      offerTrouble(writer, current),
      writer.text('settings.topic.telling'),
      bullets([quotaAlerts(writer, current), ...TELLING.map(line)]),
      writer.text('settings.topic.limits'),
      bullets(await limitLines(context)),
      writer.text('settings.topic.group'),
      bullets([line('language'), twoPersonLine(writer, bound.account.twoPerson)]),
      writer.text('settings.how', { example: example(writer) }),
      isAdministrator(context) ? undefined : writer.text('settings.members_ask'),
      writer.asOf(services.clock.now(), bound.account.name),
    ],
    buttons: [
      ...ON_BUTTONS.map((setting, index) => {
        const word = SETTING_WORDS[setting][writer.language][0];
        return choiceButton(word, index, commandText(writer.language, 'settings', word));
      }),
      askButton(writer, 'limits'),
    ],
  };
}

/** The caps, which have a command of their own. */
async function limitLines({ tx, services, writer, bound }: GroupCommandContext): Promise<Markdown[]> {
  const states = await readLimitStates(tx, bound.account, services.clock.now());
  return states.map(({ key, limit }) =>
    writer.text('settings.line', { setting: limitName(writer, key), value: limitValues(writer, key.unit, limit) }),
  );
}

function settingLine(writer: Writer, current: GroupSettings, setting: SettingName): Markdown {
  return writer.text('settings.line', {
    setting: settingWord(writer.language, setting),
    value: settingValue(writer, setting, currentValue(current, setting)),
  });
}

/** At which quotas it is told, as figures. (rule 19) */
function quotaAlerts(writer: Writer, { policy, account }: GroupSettings): Markdown {
  const threshold = writer.segments(policy.threshold);
  if (account.alertShare === null) return writer.text('settings.quota_alerts', { threshold });
  const share = writer.segments(shareOf(policy.threshold, account.alertShare));
  return writer.text('settings.quota_alerts.two', { threshold, share });
}

/** Whether an account demands a second person, and the question whether it should. (rule 16) */
async function twoPerson(context: GroupCommandContext, wanted: string): Promise<Reply> {
  const { tx, services, writer, bound, actor } = context;
  const state = switchOf(wanted);
  if (state === undefined) {
    const word = TWO_PERSON_WORDS[writer.language][0];
    return askFor(
      { ...context, argument: wanted },
      {
        command: 'settings',
        title: writer.text('settings.two_person.ask'),
        paragraphs: [
          twoPersonLine(writer, bound.account.twoPerson),
          writer.text(bound.account.twoPerson ? 'effect.two_person_off' : 'effect.two_person_on'),
        ],
        choices: (bound.account.twoPerson ? (['off'] as const) : (['on'] as const)).map((choice) => ({
          label: writer.text(`settings.two_person.choose.${choice}`),
          argument: `${word} ${SWITCH_WORDS[choice][writer.language][0]}`,
        })),
      },
    );
  }
  const action = { type: 'set_two_person', enabled: state === 'on' } as const;
  const result = await requestAction(services, tx, bound.group, actor, action);
  if (result.type !== 'done') return requestReply(context, result);
  const done = writer.text(`outcome.done.two_person_${state}`);
  return { title: writer.text(`two_person_changed.${state}.title`), paragraphs: [done] };
}

function twoPersonLine(writer: Writer, isDemanded: boolean): Markdown {
  return writer.text(`settings.two_person.${isDemanded ? 'on' : 'off'}`);
}

function example(writer: Writer): Markdown {
  return writer.text('settings.example', { setting: settingWord(writer.language, 'threshold') });
}
