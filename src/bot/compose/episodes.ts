import type { EpisodeNews } from '../../domain/announcement.ts';
import type { Administrator } from '../../store/groups.ts';
import { ackButton, type Draft, snoozeButton } from '../content.ts';
import type { Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';

/**
 * A critical alert with what becomes of it: how to answer it, who has, who was told because nobody did, that it is over. Only who may
 * answer is shown the buttons for it. (rules 19 and 21)
 */
export function withEpisode(
  writer: Writer,
  draft: Draft,
  episode: EpisodeNews | undefined,
  { administrators }: { readonly administrators: readonly Administrator[] },
): Draft {
  if (!episode) return draft;
  const { code, as, endedAt, acknowledged } = episode;
  const isAnswerable = endedAt === null && acknowledged === null && as !== 'second_contact';
  const { buttons = [] } = draft;
  return {
    ...draft,
    title: titleOf(writer, draft.title, episode),
    paragraphs: [
      opening(writer, episode, administrators),
      ...draft.paragraphs,
      ...states(writer, episode),
      isAnswerable && episode.snoozed === null ? writer.text('episode.awaits', { code: writer.name(code) }) : undefined,
    ],
    buttons: isAnswerable
      ? [ackButton(writer, code), snoozeButton(writer, code), ...buttons]
      : endedAt === null && as !== 'second_contact'
        ? buttons
        : [],
    // Whoever is called by a change of a card was called by it before.
    ...(as === 'news' || as === 'repeat' ? {} : { mentions: [] }),
  };
}

function titleOf(writer: Writer, title: Markdown, { as, endedAt, acknowledged, snoozed }: EpisodeNews): Markdown {
  if (endedAt) return writer.text('episode.ended.title', { title });
  if (acknowledged) return writer.text('episode.acknowledged.title', { title });
  if (snoozed) return writer.text('episode.snoozed.title', { title });
  if (as === 'repeat') return writer.text('episode.repeat.title', { title });
  return as === 'second_contact' ? writer.text('episode.second_contact.title', { title }) : title;
}

function opening(
  writer: Writer,
  { as, since }: EpisodeNews,
  administrators: readonly Administrator[],
): Markdown | undefined {
  const time = writer.time(since);
  if (as === 'repeat') return writer.text('episode.repeat', { time });
  if (as !== 'second_contact') return undefined;
  const names = administrators.map(({ name, staffId }) => writer.name(name.trim() || staffId));
  return writer.text('episode.second_contact', { time, administrators: writer.anyOf(names) });
}

/** Each step, in the order in which they were taken. */
function states(writer: Writer, episode: EpisodeNews): (Markdown | undefined)[] {
  const { secondContact, operatorAt, snoozed, acknowledged, endedAt } = episode;
  return [
    secondContact === null || episode.as === 'second_contact'
      ? undefined
      : writer.text('episode.to_second_contact', {
          name: writer.name(secondContact.name),
          time: writer.time(secondContact.at),
        }),
    operatorAt === null ? undefined : writer.text('episode.to_operator', { time: writer.time(operatorAt) }),
    snoozed === null || acknowledged !== null || endedAt !== null
      ? undefined
      : writer.text('episode.snoozed', { name: writer.name(snoozed.byName), time: writer.time(snoozed.until) }),
    acknowledged === null
      ? undefined
      : writer.text('episode.acknowledged', {
          name: writer.name(acknowledged.byName),
          time: writer.time(acknowledged.at),
        }),
    endedAt === null ? undefined : writer.text('episode.ended', { time: writer.time(endedAt) }),
  ];
}
