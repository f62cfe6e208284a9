import { MICRO } from '../domain/money.ts';
import type { PlanOffer } from '../domain/plan.ts';
import { ALERTS_TO, type SettingName } from '../domain/settings.ts';
import type { GroupSettings } from '../services/settings.ts';
import { settingValue } from './compose/settings.ts';
import type { Markdown } from './markdown.ts';
import type { Writer } from './writer.ts';

/** A value that can be chosen by a button. */
export interface SettingChoice {
  readonly label: Markdown;
  /** As it is typed after the setting's name. */
  readonly value: string;
}

interface Given {
  readonly current: GroupSettings;
  readonly offers: readonly PlanOffer[];
  /** The account's. */
  readonly currency: string;
}

const MAX_CHOICES = 6;
const OFF = { 'zh-CN': '关', en: 'off' } as const;
const NO_LIMIT = { 'zh-CN': '不限', en: 'no limit' } as const;
const NEVER = { 'zh-CN': '从不', en: 'never' } as const;
const NOBODY = { 'zh-CN': '没有', en: 'nobody' } as const;
const PLACES = {
  'zh-CN': { group: '群里', direct: '私聊', both: '都发' },
  en: { group: 'group', direct: 'direct', both: 'both' },
} as const;

/** What a setting may sensibly be set to, and an example of what else can be typed. */
export function settingChoices(
  writer: Writer,
  setting: SettingName,
  given: Given,
): { choices: SettingChoice[]; example?: string } {
  const { language } = writer;
  const plain = (values: readonly string[], none?: string): SettingChoice[] => [
    ...values.map((value) => ({ label: settingValue(writer, setting, value), value })),
    ...(none === undefined ? [] : [{ label: settingValue(writer, setting, null), value: none }]),
  ];
  switch (setting) {
    case 'threshold':
      return { choices: plain(thresholds(given)), example: '5000' };
    case 'offer':
      return offers(writer, given);
    case 'purchases_per_day':
      return { choices: plain(['1', '2', '3', '5']), example: '3' };
    case 'purchases_per_month':
      return { choices: plain(['1', '5', '10', '20']), example: '20' };
    case 'money_per_month':
      return { choices: amounts(writer, setting, [5_000n, 10_000n, 50_000n], NO_LIMIT[language]), example: '20000' };
    case 'approval_above':
      return { choices: amounts(writer, setting, [0n, 500n, 1_000n, 5_000n], NEVER[language]), example: '2000' };
    case 'alert_share':
      return { choices: plain(['20', '50', '80'], OFF[language]), example: '30%' };
    case 'balance_alert':
      return { choices: amounts(writer, setting, [100n, 500n, 1_000n, 5_000n], OFF[language]), example: '2000' };
    case 'alerts_to':
      return {
        choices: ALERTS_TO.map((place) => ({
          label: settingValue(writer, setting, place),
          value: PLACES[language][place],
        })),
        example: PLACES[language].both,
      };
    case 'quiet_hours':
      return { choices: plain(['22:00-08:00', '23:00-07:00'], OFF[language]), example: '22:30-07:30' };
    case 'second_contact':
      return { choices: plain([], NOBODY[language]), example: language === 'en' ? '@colleague' : '@同事' };
    case 'escalate_after':
      return {
        choices: ['15', '30', '60', '120'].map((minutes) => ({
          label: settingValue(writer, setting, minutes),
          value: `${minutes}m`,
        })),
        example: language === 'en' ? '45 minutes' : '45分钟',
      };
    case 'spike_factor':
      return { choices: plain(['3', '5', '10', '20']), example: '8' };
    case 'digest_at':
    case 'monthly_digest_at':
      return { choices: plain(['08:00', '09:00', '18:00'], OFF[language]), example: '08:30' };
    case 'language':
      return {
        choices: [
          { label: settingValue(writer, setting, 'zh-CN'), value: '中文' },
          { label: settingValue(writer, setting, 'en'), value: 'English' },
        ],
        example: language === 'en' ? '中文' : 'English',
      };
  }
}

/** Round figures that the chosen offer can lift the quota above. (rule 13) */
function thresholds({ current: { offer } }: Given): string[] {
  const round = [1_000n, 5_000n, 10_000n, 50_000n, 100_000n, 500_000n, 1_000_000n];
  const usable = offer ? round.filter((count) => count < offer.segments) : round;
  return usable.slice(-4).map(String);
}

/** Those that can lift the quota above the threshold; the example is one of them by its number, as `购买` lists them. (rule 13) */
function offers(
  writer: Writer,
  { offers: known, current, currency }: Given,
): { choices: SettingChoice[]; example?: string } {
  const listed = known.filter((offer) => offer.currency === currency);
  const usable = listed.filter((offer) => offer.segments > current.policy.threshold);
  const [first] = usable.filter(({ id }) => id !== current.offer?.id);
  return {
    choices: usable.slice(0, MAX_CHOICES).map(({ id, title }) => ({ label: writer.title(title), value: id })),
    ...(first ? { example: String(listed.indexOf(first) + 1) } : {}),
  };
}

function amounts(writer: Writer, setting: SettingName, whole: readonly bigint[], none: string): SettingChoice[] {
  return [
    ...whole.map((amount) => ({
      label: settingValue(writer, setting, (amount * MICRO).toString()),
      value: amount.toString(),
    })),
    { label: settingValue(writer, setting, null), value: none },
  ];
}
