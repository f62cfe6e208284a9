import type { PlanOffer } from '../domain/plan.ts';
import type { NamedValue, SettingName, SettingValue } from '../domain/settings.ts';
import { amountOf, durationOf, numberOf } from './arguments/index.ts';
import { hoursBetweenOf, timeOfDayOf } from './arguments/time-of-day.ts';
import { findOffer } from './purchase-wish.ts';
import { switchOf } from './vocabulary.ts';

/** When a summary is sent that is switched on without a time. */
const DIGEST_AT = '09:00';

/** What a value may name. */
export interface Nameable {
  /** The account's; ISO 4217. */
  readonly currency: string;
  readonly offers: readonly PlanOffer[];
  /** Whom the message mentions, of the organization; null for nobody. */
  readonly mentioned: NamedValue | null;
}

/** What one says for none, no limit or never. */
export const NONE: readonly string[] = [
  ...['无', '没有', '不限', '无限', '不限制', '从不', '不需要', '不用', '关', '关闭', '停用', '取消', '不发', '不设'],
  ...['none', 'no', 'off', 'never', 'no limit', 'unlimited', 'nobody', 'disable'],
];
const PLACES: Readonly<Record<string, string>> = {
  ...{ 群: 'group', 群里: 'group', 群聊: 'group', 本群: 'group', group: 'group', 'the group': 'group' },
  ...{ 私聊: 'direct', 单聊: 'direct', 个人: 'direct', 私信: 'direct', direct: 'direct', private: 'direct' },
  ...{ 都: 'both', 都发: 'both', 两者: 'both', 群和私聊: 'both', 群里和私聊: 'both', both: 'both' },
};
const LANGUAGES: Readonly<Record<string, string>> = {
  ...{ 中文: 'zh-CN', 汉语: 'zh-CN', 简体中文: 'zh-CN', chinese: 'zh-CN', zh: 'zh-CN', 'zh-cn': 'zh-CN' },
  ...{ 英文: 'en', 英语: 'en', english: 'en', en: 'en' },
};

/** What was typed for a setting, in the form in which it is kept; undefined when it is not understood. */
export function settingValueOf(setting: SettingName, text: string, nameable: Nameable): SettingValue | undefined {
  const isNone = NONE.includes(text);
  switch (setting) {
    case 'threshold':
      return numberOf(text)?.toString();
    case 'purchases_per_day':
    case 'purchases_per_month':
      return numberOf(text.replace(/ ?(次|times?)$/u, ''))?.toString();
    case 'money_per_month':
    case 'approval_above':
      return isNone ? null : amountOf(text, nameable.currency)?.toString();
    case 'spike_factor':
      return numberOf(text.replace(/ ?(倍|x|times)$/u, ''))?.toString();
    case 'alert_share':
      return isNone ? null : numberOf(text.replace(/^阈值的? ?|百分之| ?%$/gu, ''))?.toString();
    case 'balance_alert':
      return isNone ? null : amountOf(belowOf(text), nameable.currency)?.toString();
    case 'offer':
      return offerOf(text, nameable);
    case 'alerts_to':
      return own(PLACES, text);
    case 'language':
      return own(LANGUAGES, text);
    case 'quiet_hours':
      return isNone ? null : hoursBetweenOf(text);
    case 'digest_at':
    case 'monthly_digest_at':
      if (isNone) return null;
      return switchOf(text) === 'on' ? DIGEST_AT : timeOfDayOf(text.replace(/^(每天|every day at|at) ?/u, ''));
    case 'escalate_after':
      return durationOf(text)?.total('minutes').toString();
    case 'second_contact':
      return isNone ? null : (nameable.mentioned ?? undefined);
  }
}

/** `低于 500 元时告警` without the words around the amount. */
function belowOf(text: string): string {
  return text
    .replace(/^(低于|少于|不足|小于|below|under|less than) ?/u, '')
    .replace(/ ?(以下)?(时|的时候)?(就)?(告警|提醒|通知)?$/u, '');
}

function own(words: Readonly<Record<string, string>>, text: string): string | undefined {
  return Object.hasOwn(words, text) ? words[text] : undefined;
}

/** As `购买` names it: by its number in the list, its id or title, or its segments. */
function offerOf(text: string, { offers, currency }: Nameable): NamedValue | undefined {
  const found = findOffer(
    offers.filter((offer) => offer.currency === currency),
    text,
  );
  return found && { id: found.id, name: found.title };
}

/** The words that may stand for a setting's value. */
export function valueWords(setting: SettingName): readonly string[] {
  switch (setting) {
    case 'alerts_to':
      return Object.keys(PLACES);
    case 'language':
      return Object.keys(LANGUAGES);
    case 'threshold':
    case 'offer':
    case 'purchases_per_day':
    case 'purchases_per_month':
    case 'spike_factor':
    case 'escalate_after':
      return [];
    default:
      return NONE;
  }
}
