import type { LeasedNotice } from '../store/notice-queue.ts';
import type { NoticeButton, NoticeContent, NoticeTarget } from '../store/notices.ts';

/** So many notices at most are said in one message: more than this nobody reads. */
export const MAX_MERGED = 20;
/** And no more than this of stored content, so that every form of the whole is within the platform's limits. */
export const MAX_MERGED_BYTES = 12_000;
const MAX_BUTTONS = 6;
const TITLE_LENGTH = 60;

/**
 * One message that says all that several notices say, under the first one's id. The same notices give the same message, so that a repeat
 * is one. (rule 23)
 */
export function mergedNotice(leader: LeasedNotice, merged: readonly LeasedNotice[]): LeasedNotice {
  if (merged.length === 0) return leader;
  const all = [leader, ...merged];
  return { ...leader, target: mergeTargets(leader.target, merged), content: mergeContents(all.map((n) => n.content)) };
}

/** The words of all, in their order, each under its title; what is there several times is there once. */
export function mergeContents(contents: readonly NoticeContent[]): NoticeContent {
  const pictures = contents.flatMap(({ pictures: own = [] }) => own);
  return {
    title: mergeTitles(contents.map(({ title }) => title)),
    markdown: mergeWords(contents),
    buttons: mergeButtons(contents.flatMap(({ buttons }) => buttons)),
    hint: [...new Set(contents.map(({ hint }) => hint).filter((hint) => hint !== ''))].join('\n\n'),
    mentions: [...new Map(contents.flatMap(({ mentions }) => mentions).map((who) => [who.userId, who])).values()],
    ...(pictures.length > 0 ? { pictures } : {}),
  };
}

/** Each under its title. Where two that follow each other close with the same words (of what time they are, and of which account), the second says them. */
function mergeWords(contents: readonly NoticeContent[]): string {
  return contents
    .map(({ title, markdown }, index) => {
      const end = markdown.lastIndexOf('\n\n');
      const isSaidNext = end > 0 && contents[index + 1]?.markdown.endsWith(markdown.slice(end));
      return `#### ${title}\n\n${isSaidNext ? markdown.slice(0, end) : markdown}`;
    })
    .join('\n\n');
}

/** As many titles as a push notification shows; the first one always, and how many there are beside those. */
function mergeTitles(titles: readonly string[]): string {
  const [first = '', ...others] = titles;
  let title = first;
  for (const [index, other] of others.entries()) {
    const longer = `${title} · ${other}`;
    if (longer.length > TITLE_LENGTH) return `${title} +${others.length - index}`;
    title = longer;
  }
  return title;
}

/** One button for each command. Where there are too many, those that only show something go first: they can be typed. */
function mergeButtons(buttons: readonly NoticeButton[]): NoticeButton[] {
  const byCommand = [...new Map(buttons.map((button) => [button.command, button])).values()];
  const acting = byCommand.filter(({ style }) => style !== 'plain').slice(0, MAX_BUTTONS);
  const showing = byCommand.filter(({ style }) => style === 'plain').slice(0, MAX_BUTTONS - acting.length);
  const kept = byCommand.filter((button) => acting.includes(button) || showing.includes(button));
  const ids = new Set<string>();
  return kept.map((button, index) => {
    // Two commands may have come under one id; a click is known by it.
    const id = ids.has(button.id) ? `${button.id}-${index}` : button.id;
    ids.add(id);
    return { ...button, id };
  });
}

function mergeTargets(target: NoticeTarget, merged: readonly LeasedNotice[]): NoticeTarget {
  if (target.type !== 'group') return target;
  const others = merged.flatMap((notice) => (notice.target.type === 'group' ? notice.target.directTo : []));
  return { ...target, directTo: [...new Set([...target.directTo, ...others])] };
}
