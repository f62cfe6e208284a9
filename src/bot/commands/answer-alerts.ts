import { alertName } from '../../domain/alert-levels.ts';
import {
  type AlertChoice,
  type AnswerResult,
  acknowledgeAlerts,
  readUnanswered,
  snoozeAlerts,
} from '../../services/answer-alerts.ts';
import { alertSubject } from '../../services/episodes.ts';
import type { StoredEpisode } from '../../store/alerts.ts';
import { durationOf } from '../arguments/index.ts';
import { askFor, type Choice } from '../ask.ts';
import { askButton } from '../content.ts';
import { bullets, joinMarkdown, type Markdown } from '../markdown.ts';
import type { CommandName } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import { administratorNames, type Command, type GroupCommandContext, isAdministrator, type Reply } from './command.ts';

/** A letter, a digit, a letter. */
const CODE = /(?:^|(?<=[\s,、]))([a-hj-np-z][2-9][a-hj-np-z])(?![a-z0-9])[\s,、]*/u;
const ALL = /^(全部|所有|all)[\s,、]*/u;
const ALL_WORD = { 'zh-CN': '全部', en: 'all' } as const;
/** The times that are offered, as they are typed. */
const SNOOZES = {
  one_hour: { 'zh-CN': '1小时', en: '1h' },
  four_hours: { 'zh-CN': '4小时', en: '4h' },
  one_day: { 'zh-CN': '1天', en: '1 day' },
  three_days: { 'zh-CN': '3天', en: '3 days' },
} as const;

/** Stops the repeats of an alert: somebody knows of it. (rules 18 and 19) */
export const ack: Command = {
  name: 'ack',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    if (!isAdministrator(context)) return notAdministrator(context);
    const { tx, services, writer, bound, actor } = context;
    const { choice, rest } = chosen(context.argument);
    if (rest !== '') return which(context, 'ack', await readUnanswered(tx, bound.account.id));
    const result = await acknowledgeAlerts(services, tx, bound.group, actor, choice);
    if (result.type !== 'answered') return otherwise(context, 'ack', result, choice);
    return {
      title: writer.text('ack.title', { alerts: namesOf(writer, result.episodes) }),
      paragraphs: [writer.text('ack.body')],
      reviewDue: bound.account.id,
      shownOn: result.episodes.map(({ id }) => alertSubject(id)),
      privately: true,
    };
  },
};

/** Holds the repeats of an alert back for a while. (rules 18 and 19) */
export const snooze: Command = {
  name: 'snooze',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    if (!isAdministrator(context)) return notAdministrator(context);
    const { tx, services, writer, bound, actor } = context;
    const { choice, rest } = chosen(context.argument);
    const duration = durationOf(rest.replace(/^(到|for) ?/u, ''));
    if (!duration) {
      const open = await readUnanswered(tx, bound.account.id);
      return open.length === 0 ? none(writer) : howLong({ ...context, argument: rest }, choice);
    }
    const result = await snoozeAlerts(services, tx, bound.group, actor, choice, duration);
    if (result.type !== 'answered') return otherwise(context, 'snooze', result, choice, rest);
    return {
      title: writer.text('snooze.title', { alerts: namesOf(writer, result.episodes) }),
      paragraphs: [writer.text('snooze.body', { time: writer.time(services.clock.now().add(duration)) })],
      reviewDue: bound.account.id,
      shownOn: result.episodes.map(({ id }) => alertSubject(id)),
      privately: true,
    };
  },
};

/** Which alerts are meant, and what else was said. */
function chosen(argument: string): { choice: AlertChoice; rest: string } {
  const [start, code] = CODE.exec(argument) ?? [];
  if (start !== undefined && code !== undefined) {
    return { choice: { code: code.toUpperCase() }, rest: argument.replace(start, '').trim() };
  }
  return ALL.test(argument)
    ? { choice: 'all', rest: argument.replace(ALL, '').trim() }
    : { choice: 'only', rest: argument };
}

/** What is said when nothing was answered. */
function otherwise(
  context: GroupCommandContext,
  command: 'ack' | 'snooze',
  result: Exclude<AnswerResult, { type: 'answered' }>,
  choice: AlertChoice,
  rest = '',
): Reply | Promise<Reply> {
  const { writer } = context;
  switch (result.type) {
    case 'which':
      return which({ ...context, argument: '' }, command, result.episodes, rest);
    case 'none':
      return none(writer);
    case 'unknown':
      return {
        title: writer.text('answer.none.title'),
        paragraphs: [
          writer.text('answer.unknown', { code: writer.name(typeof choice === 'string' ? '' : choice.code) }),
        ],
        buttons: [askButton(writer, 'balance')],
        privately: true,
      };
    case 'acknowledged':
      return {
        title: writer.text('answer.acknowledged.title', { alert: nameOf(writer, result.episode) }),
        paragraphs: [
          writer.text('answer.acknowledged', { name: writer.name(result.by.byName), time: writer.time(result.by.at) }),
        ],
        privately: true,
      };
    case 'ended':
      return {
        title: writer.text('answer.ended.title', { alert: nameOf(writer, result.episode) }),
        paragraphs: [writer.text('answer.ended', { time: writer.time(result.at) })],
        privately: true,
      };
  }
}

/** Several wait for an answer: each is a button, and all of them together are one. */
function which(
  context: GroupCommandContext,
  command: Extract<CommandName, 'ack' | 'snooze'>,
  episodes: readonly StoredEpisode[],
  rest = '',
): Reply {
  const { writer } = context;
  if (episodes.length === 0) return none(writer);
  const line = (episode: StoredEpisode) =>
    writer.text('answer.line', {
      code: writer.name(episode.code),
      alert: nameOf(writer, episode),
      time: writer.time(episode.toldAt ?? episode.openedAt),
    });
  const said = (what: string) => (rest === '' ? what : `${what} ${rest}`);
  const each = episodes.slice(0, 5).map((episode): Choice => {
    const label = joinMarkdown([writer.name(episode.code), nameOf(writer, episode)], ' ');
    return { label, argument: said(episode.code) };
  });
  const all: Choice = { label: writer.text('answer.all'), argument: said(ALL_WORD[writer.language]) };
  return askFor(context, {
    command,
    title: writer.text('answer.which.title', { count: episodes.length }),
    paragraphs: [writer.text('answer.which'), bullets(episodes.map(line))],
    choices: episodes.length > 1 ? [...each, all] : each,
  });
}

function howLong(context: GroupCommandContext, choice: AlertChoice): Reply {
  const { writer } = context;
  const start = choice === 'only' ? '' : choice === 'all' ? `${ALL_WORD[writer.language]} ` : `${choice.code} `;
  return askFor(context, {
    command: 'snooze',
    title: writer.text('snooze.ask.title'),
    paragraphs: [writer.text('snooze.ask.body')],
    choices: (Object.keys(SNOOZES) as (keyof typeof SNOOZES)[]).map((name) => ({
      label: writer.text(`snooze.for.${name}`),
      argument: `${start}${SNOOZES[name][writer.language]}`,
    })),
    example: `${start}${writer.language === 'en' ? '30 minutes' : '30分钟'}`,
  });
}

function none(writer: Writer): Reply {
  return {
    title: writer.text('answer.none.title'),
    paragraphs: [writer.text('answer.none')],
    buttons: [askButton(writer, 'balance'), askButton(writer, 'quota')],
  };
}

function notAdministrator({ writer, bound }: GroupCommandContext): Reply {
  const administrators = administratorNames(writer, bound.administrators);
  return {
    title: writer.text('refused.title'),
    paragraphs: [writer.text('answer.not_administrator', { administrators })],
    privately: true,
  };
}

function namesOf(writer: Writer, episodes: readonly StoredEpisode[]): Markdown {
  return joinMarkdown(
    episodes.map((episode) => nameOf(writer, episode)),
    writer.language === 'en' ? '; ' : '；',
  );
}

function nameOf(writer: Writer, episode: StoredEpisode): Markdown {
  const name = alertName(episode);
  return writer.text(`alert_name.${name}`);
}
