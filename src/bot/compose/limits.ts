import type { Announcement } from '../../domain/announcement.ts';
import { type LimitKey, type LimitUnit, type LimitValues, usualWarning } from '../../domain/limit.ts';
import type { LeftStops } from '../../domain/sending-state.ts';
import type { SendingReason } from '../../domain/standing.ts';
import type { NoticeButton } from '../../store/notices.ts';
import { askButton, choiceButton, type Draft, pauseButton, resumeButton } from '../content.ts';
import { higherStops, limitText } from '../limit-words.ts';
import type { Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';

const KINDS = ['cap_warning', 'cap_reached', 'limit_changed', 'sending_paused', 'sending_resumed'] as const;
type LimitNews = Extract<Announcement, { kind: (typeof KINDS)[number] }>;
type Of<K extends LimitNews['kind']> = Extract<LimitNews, { kind: K }>;

export function isLimitNews(announcement: Announcement): announcement is LimitNews {
  return KINDS.some((kind) => kind === announcement.kind);
}

/** Caps that are near or reached, and what administrators did about sending. (rule 20) */
export function composeLimitNews(writer: Writer, news: LimitNews): Draft {
  switch (news.kind) {
    case 'cap_warning':
      return capWarning(writer, news);
    case 'cap_reached':
      return capReached(writer, news);
    case 'limit_changed':
      return limitChanged(writer, news);
    case 'sending_paused':
      return {
        title: writer.text('sending_paused.title'),
        paragraphs: [
          writer.text('sending_paused.body', { by: writer.name(news.byName) }),
          writer.text('sending_paused.next'),
        ],
        buttons: [resumeButton(writer), askButton(writer, 'balance')],
      };
    case 'sending_resumed':
      return {
        title: resumedTitle(writer, news.reasons),
        paragraphs: [
          writer.text('sending_resumed.body', { by: writer.name(news.byName) }),
          ...afterwards(writer, news.reasons),
        ],
        buttons: [askButton(writer, 'balance'), askButton(writer, 'limits')],
      };
  }
}

function capWarning(writer: Writer, news: Of<'cap_warning'>): Draft {
  const { used, stop, warn } = figuresOf(writer, news);
  const limit = limitName(writer, news);
  return {
    title: writer.text('cap_warning.title', { limit, used }),
    paragraphs: [
      writer.text('cap_warning.body', { period: periodName(writer, news), limit, used, warn }),
      news.stop === null ? writer.text('cap_warning.no_stop') : writer.text('cap_warning.stop', { stop }),
    ],
    buttons: [...(news.stop === null ? [] : raiseButtons(writer, news)), pauseButton(writer)],
  };
}

function capReached(writer: Writer, news: Of<'cap_reached'>): Draft {
  const { used, stop } = figuresOf(writer, news);
  const limit = limitName(writer, news);
  return {
    title: writer.text('cap_reached.title', { limit }),
    paragraphs: [
      // A credit that came since does not lift it.
      writer.text(news.stop !== null && news.used < news.stop ? 'cap_reached.body.less' : 'cap_reached.body', {
        period: periodName(writer, news),
        limit,
        used,
        stop,
        time: writer.time(news.at),
      }),
      ...nextOfReached(writer, news.left),
    ],
    buttons: [...raiseButtons(writer, news), askButton(writer, 'limits')],
  };
}

function nextOfReached(writer: Writer, left: LeftStops | undefined): Markdown[] {
  const lines = leftLines(writer, left);
  return lines.length === 0 ? [writer.text('cap_reached.next')] : [writer.text('cap_reached.next.alone'), ...lines];
}

/** Of what was kept before it was known. */
const NOTHING_LEFT: LeftStops = { caps: [], reasons: [] };

/** What stops sending beside a cap, a paragraph each; none where nothing does. (rule 9) */
export function leftLines(writer: Writer, { caps, reasons }: LeftStops = NOTHING_LEFT): Markdown[] {
  return [
    ...caps.map((cap) => writer.text('limit.left', { limit: limitName(writer, cap) })),
    ...stillStopped(writer, reasons),
  ];
}

function limitChanged(writer: Writer, news: Of<'limit_changed'>): Draft {
  const limit = limitName(writer, news);
  const after = limitValues(writer, news.unit, news.after);
  return {
    title: writer.text('limit_changed.title', { limit, after }),
    paragraphs: [
      writer.text('limit_changed.body', {
        by: writer.name(news.byName),
        limit,
        before: limitValues(writer, news.unit, news.before),
        after,
      }),
      ...afterChange(writer, news),
    ],
    buttons: [askButton(writer, 'limits')],
  };
}

/** What a changed cap means for sending, where it means something. */
export function afterChange(
  writer: Writer,
  { lifted, reasons }: Pick<Of<'limit_changed'>, 'lifted' | 'reasons'>,
): (Markdown | undefined)[] {
  if (reasons.length > 0) return afterwards(writer, reasons);
  return [lifted ? writer.text('limit_changed.lifted') : undefined];
}

/** Whether messages can be sent, and what still keeps them from it. */
export function afterwards(writer: Writer, reasons: readonly SendingReason[]): Markdown[] {
  return reasons.length === 0 ? [writer.text('sending_resumed.allowed')] : stillStopped(writer, reasons);
}

/** What keeps messages from being sent, and what ends it, a paragraph each. */
export function stillStopped(writer: Writer, reasons: readonly SendingReason[]): Markdown[] {
  return reasons.map((reason) => writer.text(`sending.still.${reason}`));
}

export function resumedTitle(writer: Writer, reasons: readonly SendingReason[]): Markdown {
  return writer.text(reasons.length === 0 ? 'sending_resumed.title' : 'sending_resumed.title.still');
}

/** On a button: the unit would not fit. */
export function raiseLabel(writer: Writer, unit: LimitUnit, stop: bigint): Markdown {
  return writer.text('button.limit.raise', { value: unit === 'money' ? writer.money(stop) : writer.number(stop) });
}

/** Higher stops to choose from, each a whole command. (rule 18) */
function raiseButtons(writer: Writer, news: LimitKey & LimitValues & { used: bigint }): NoticeButton[] {
  return higherStops(news, news.stop, news.used)
    .slice(0, 2)
    .map((stop, index) =>
      choiceButton(
        raiseLabel(writer, news.unit, stop),
        index,
        limitText(writer.language, news, { stop, warn: usualWarning(stop) }),
      ),
    );
}

function figuresOf(writer: Writer, { unit, used, stop, warn }: LimitKey & LimitValues & { used: bigint }) {
  const of = (value: bigint) => limitFigure(writer, unit, value);
  return { used: of(used), stop: of(stop ?? 0n), warn: of(warn ?? 0n) };
}

/** A cap's name in words. */
export function limitName(writer: Writer, { period, unit }: LimitKey): Markdown {
  return writer.text(`limit.${period}_${unit}`);
}

/** A cap's values in words. */
export function limitValues(writer: Writer, unit: LimitUnit, values: LimitValues | null): Markdown {
  const stop = values?.stop == null ? undefined : limitFigure(writer, unit, values.stop);
  const warn = values?.warn == null ? undefined : limitFigure(writer, unit, values.warn);
  if (stop && warn) return writer.text('limit_values.both', { stop, warn });
  if (stop) return writer.text('limit_values.stop', { stop });
  return warn ? writer.text('limit_values.warn', { warn }) : writer.text('limit_values.none');
}

/** Segments, or money. */
export function limitFigure(writer: Writer, unit: LimitUnit, value: bigint): Markdown {
  return unit === 'money' ? writer.money(value) : writer.segments(value);
}

function periodName(writer: Writer, { period, in: when }: Of<'cap_warning' | 'cap_reached'>): Markdown {
  return period === 'day'
    ? writer.text('limit.period.day', { day: writer.day(Temporal.PlainDate.from(when)) })
    : writer.text('limit.period.month', { month: writer.month(when) });
}
