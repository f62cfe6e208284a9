import { SETTINGS, type SettingName } from '../domain/settings.ts';
import type { Language } from '../store/groups.ts';
import { type Markdown, ownMarkdown } from './markdown.ts';

type Words = readonly [string, ...string[]];

/** What one says for a setting after `设置`. The first word is its name, on cards and buttons. Written as `normalize` leaves them. */
export const SETTING_WORDS: Readonly<Record<SettingName, Readonly<Record<Language, Words>>>> = {
  threshold: { 'zh-CN': ['阈值', '余量阈值', '续费阈值', '提醒阈值'], en: ['threshold'] },
  offer: { 'zh-CN': ['套餐', '续费套餐', '购买套餐'], en: ['offer', 'plan'] },
  purchases_per_day: {
    'zh-CN': ['每天次数', '每日次数', '每天购买次数', '每天最多购买'],
    en: ['daily purchases', 'purchases per day'],
  },
  purchases_per_month: {
    'zh-CN': ['每月次数', '每月购买次数', '每月最多购买'],
    en: ['monthly purchases', 'purchases per month'],
  },
  money_per_month: {
    'zh-CN': ['每月金额', '每月金额上限', '月金额'],
    en: ['monthly amount', 'money per month', 'monthly budget'],
  },
  approval_above: {
    'zh-CN': ['审批金额', '免审批金额', '超过金额审批'],
    en: ['approval above', 'approve above', 'approval amount'],
  },
  alert_share: {
    'zh-CN': ['告急线', '告警档位', '第二档告警', '告急'],
    en: ['second alert', 'alert level', 'alert share'],
  },
  balance_alert: {
    'zh-CN': ['余额告警', '余额', '余额告警线', '余额提醒', '余额预警', '低余额', '低余额告警', '可用金额'],
    en: ['balance alert', 'balance-alert', 'balance', 'low balance'],
  },
  alerts_to: { 'zh-CN': ['通知方式', '告警发到', '通知', '发到'], en: ['alerts to', 'alerts', 'notify'] },
  quiet_hours: { 'zh-CN': ['免打扰', '勿扰', '免打扰时间'], en: ['quiet hours', 'quiet', 'do not disturb'] },
  second_contact: { 'zh-CN': ['第二联系人', '备用联系人', '联系人'], en: ['second contact', 'contact'] },
  escalate_after: { 'zh-CN': ['升级时间', '告警升级', '升级'], en: ['escalate after', 'escalation'] },
  spike_factor: { 'zh-CN': ['突增倍数', '突增告警', '突增'], en: ['spike factor', 'spike'] },
  digest_at: {
    'zh-CN': ['日报', '日报时间', '每日摘要'],
    en: ['daily summary', 'daily digest', 'digest', 'digest time'],
  },
  monthly_digest_at: {
    'zh-CN': ['月报', '月报时间', '每月摘要'],
    en: ['monthly summary', 'monthly digest', 'monthly report'],
  },
  language: { 'zh-CN': ['语言', '群语言'], en: ['language', 'lang'] },
};

const PHRASES = SETTINGS.flatMap((setting) =>
  Object.values(SETTING_WORDS[setting]).flatMap((words) => words.map((word) => ({ word, setting }))),
).toSorted((a, b) => b.word.length - a.word.length);

/** The setting that an argument begins with, and what follows its name; undefined when it begins with none. */
export function settingIn(argument: string): { setting: SettingName; value: string } | undefined {
  for (const { word, setting } of PHRASES) {
    if (!argument.startsWith(word)) continue;
    const rest = argument.slice(word.length);
    // `planet` is not `plan`; Chinese needs no space.
    if (/^[a-z]/.test(rest) && /[a-z]$/.test(word)) continue;
    return { setting, value: rest.replace(/^(?:[\s:=,、]|改为|改成|设为|设成|为|到|to(?= ))+/u, '').trim() };
  }
  return undefined;
}

/** A setting's name as one types it. */
export function settingWord(language: Language, setting: SettingName): Markdown {
  return ownMarkdown(SETTING_WORDS[setting][language][0]);
}

/** What one says for the second person's rule, which is a setting to people and a deed of its own to the rules. */
export const TWO_PERSON_WORDS: Readonly<Record<Language, Words>> = {
  'zh-CN': ['双人确认', '双人审批', '双人复核'],
  en: ['second person', 'two-person rule', 'two persons'],
};

/** What follows the second person's name; undefined when an argument does not begin with it. */
export function twoPersonIn(argument: string): string | undefined {
  const word = Object.values(TWO_PERSON_WORDS)
    .flat()
    .find((name) => argument.startsWith(name));
  return word === undefined ? undefined : argument.slice(word.length).replace(/^[\s:=,、]+/u, '');
}
