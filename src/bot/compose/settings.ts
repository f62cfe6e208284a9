import type { Announcement } from '../../domain/announcement.ts';
import type { SettingName, SettingValue } from '../../domain/settings.ts';
import { askButton, type Draft } from '../content.ts';
import { type Markdown, ownMarkdown } from '../markdown.ts';
import { settingWord } from '../setting-words.ts';
import type { Writer } from '../writer.ts';

const KINDS = ['setting_changed', 'administrators_changed', 'group_unbound'] as const;
type SettingNews = Extract<Announcement, { kind: (typeof KINDS)[number] }>;

export function isSettingNews(announcement: Announcement): announcement is SettingNews {
  return KINDS.some((kind) => kind === announcement.kind);
}

/** What the administrators of one group changed, for those of the others. (rule 20) */
export function composeSettingNews(writer: Writer, news: SettingNews): Draft {
  const by = writer.name(news.byName);
  switch (news.kind) {
    case 'setting_changed': {
      const change = changeOf(writer, news);
      return {
        title: writer.text('setting_changed.title', change),
        paragraphs: [writer.text('setting_changed.body', { ...change, by })],
        buttons: [askButton(writer, 'settings')],
      };
    }
    case 'administrators_changed': {
      const figures = { person: writer.name(news.personName), group: groupName(writer, news.groupTitle) };
      return {
        title: writer.text(`administrators_changed.${news.change}.title`, figures),
        paragraphs: [writer.text(`administrators_changed.${news.change}.body`, { ...figures, by })],
        buttons: [askButton(writer, 'group')],
      };
    }
    case 'group_unbound': {
      const group = groupName(writer, news.groupTitle);
      return {
        title: writer.text('group_unbound.title', { group }),
        paragraphs: [writer.text('group_unbound.body', { group, by })],
        buttons: [askButton(writer, 'group')],
      };
    }
  }
}

/** A setting and its value before and after, for the texts that show a change. */
export function changeOf(
  writer: Writer,
  { setting, before, after }: { setting: SettingName; before: SettingValue; after: SettingValue },
): { setting: Markdown; before: Markdown; after: Markdown } {
  return {
    setting: settingWord(writer.language, setting),
    before: settingValue(writer, setting, before),
    after: settingValue(writer, setting, after),
  };
}

/** A value right behind Chinese words, from which a space parts figures and Latin, but not Chinese. */
export function behindWords(writer: Writer, value: Markdown): Markdown {
  return writer.language === 'en' || /^[\p{Script=Han}「]/u.test(value) ? value : ownMarkdown(` ${value}`);
}

/** A setting's value in words. */
export function settingValue(writer: Writer, setting: SettingName, value: SettingValue): Markdown {
  if (value === null) return writer.text(`setting_value.none.${setting}`);
  if (typeof value !== 'string') {
    const named = writer.title(value.name);
    return setting === 'offer' ? writer.text('setting_value.offer', { plan: named }) : named;
  }
  switch (setting) {
    case 'threshold':
      return writer.segments(BigInt(value));
    case 'purchases_per_day':
    case 'purchases_per_month':
      return writer.text('setting_value.times', { count: Number(value), number: writer.number(BigInt(value)) });
    case 'money_per_month':
    case 'approval_above':
    case 'balance_alert':
      return writer.money(BigInt(value));
    case 'alert_share':
      return writer.text('setting_value.share', { share: writer.number(BigInt(value)) });
    case 'spike_factor':
      return writer.text('setting_value.factor', { number: writer.number(BigInt(value)) });
    case 'alerts_to':
      return writer.text(`setting_value.alerts_to.${value === 'direct' || value === 'both' ? value : 'group'}`);
    case 'escalate_after':
      return minutes(writer, Number(value));
    case 'language':
      return writer.text(`setting_value.language.${value === 'en' ? 'en' : 'zh-CN'}`);
    default:
      return writer.title(value);
  }
}

function minutes(writer: Writer, count: number): Markdown {
  const [unit, size] =
    count % 1440 === 0
      ? (['days', 1440] as const)
      : count % 60 === 0
        ? (['hours', 60] as const)
        : (['minutes', 1] as const);
  return writer.text(`unit.${unit}`, { count: count / size, number: writer.number(count / size) });
}

/** A group's title; one that was never told has none. */
export function groupName(writer: Writer, title: string): Markdown {
  return title.trim() === '' ? writer.text('group.untitled') : writer.name(title);
}
