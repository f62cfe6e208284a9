import { alertName } from '../../domain/alert-levels.ts';
import type { Announcement } from '../../domain/announcement.ts';
import type { DayPart, Digest, PeriodUse } from '../../domain/digest.ts';
import { billButton, billSummary, spentOf } from '../bill-text.ts';
import { askButton, type Draft } from '../content.ts';
import { burnText, lastsText } from '../forecast-text.ts';
import { bullets, type Markdown } from '../markdown.ts';
import { quotaPicture } from '../pictures/quota-picture.ts';
import { usagePicture } from '../pictures/usage-picture.ts';
import type { Writer } from '../writer.ts';
import { historyLine } from './audit.ts';

type DigestNews = Extract<Announcement, { kind: 'daily_digest' | 'monthly_digest' }>;
type Of<K extends DigestNews['kind']> = Extract<DigestNews, { kind: K }>;

export function isDigest(announcement: Announcement): announcement is DigestNews {
  return announcement.kind === 'daily_digest' || announcement.kind === 'monthly_digest';
}

/** A day or a month: used, left, spent, forecast, decided. It calls nobody: whatever needs a person has an alert of its own. */
export function composeDigest(writer: Writer, digest: DigestNews): Draft {
  return { ...(digest.kind === 'daily_digest' ? daily(writer, digest) : monthly(writer, digest)), mentions: [] };
}

function daily(writer: Writer, digest: Of<'daily_digest'>): Draft {
  const { used, bought, present } = digest;
  const day = writer.day(Temporal.PlainDate.from(digest.day));
  const total = writer.segments(segmentsOf(used));
  const isUsed = used.slots.length > 0;
  const picture = quotaPicture(writer, present, present.past) ?? (isUsed ? usagePicture(writer, used, day) : undefined);
  return {
    title: writer.text('digest.daily.title', { day, segments: total, spent: writer.money(used.cost + bought) }),
    paragraphs: [
      bullets([...ofDay(writer, digest), ...now(writer, digest)]),
      ...openAlerts(writer, digest),
      ...done(writer, digest),
    ],
    buttons: [askButton(writer, 'balance'), askButton(writer, 'quota'), askButton(writer, 'usage')],
    ...(picture ? { pictures: [picture] } : {}),
  };
}

function segmentsOf({ covered, payg, waiting }: PeriodUse): bigint {
  return covered + payg + waiting;
}

/** What no bill has yet: of a day's use a part, beside what the lines of a month's bill say. */
function waiting(
  writer: Writer,
  { waiting: segments }: PeriodUse,
  text: 'usage.waiting' | 'bill.waiting' = 'usage.waiting',
): Markdown[] {
  return segments === 0n ? [] : [writer.text(text, { segments: writer.segments(segments) })];
}

/** What a day used and spent. */
function ofDay(writer: Writer, { used, bought }: DayPart): Markdown[] {
  const spent = writer.money(used.cost + bought);
  return [
    segmentsOf(used) > 0n
      ? writer.text('digest.used', {
          segments: writer.segments(segmentsOf(used)),
          covered: writer.segments(used.covered),
          payg: writer.segments(used.payg),
        })
      : writer.text('digest.unused'),
    ...waiting(writer, used),
    bought === 0n
      ? writer.text('digest.spent', { spent })
      : writer.text('digest.spent.bought', {
          spent,
          payg: writer.money(used.cost),
          bought: writer.money(bought),
        }),
  ];
}

function monthly(writer: Writer, digest: Of<'monthly_digest'>): Draft {
  const month = writer.month(digest.month);
  const { used, dayBefore, present } = digest;
  const course = dayBefore && quotaPicture(writer, present, present.past);
  return {
    title: writer.text('digest.monthly.title', {
      month,
      segments: writer.segments(segmentsOf(used)),
      spent: writer.money(spentOf(digest)),
    }),
    paragraphs: [
      writer.text('bill_closed.body', { month }),
      ...billSummary(writer, digest),
      ...waiting(writer, used, 'bill.waiting'),
      ...(dayBefore ? [...done(writer, digest, month), ...dayWithin(writer, dayBefore)] : []),
      writer.text('digest.now'),
      bullets(now(writer, digest)),
      ...openAlerts(writer, digest),
      ...(dayBefore ? [] : done(writer, digest)),
    ],
    buttons: [
      billButton(writer, digest.month, 0, writer.text('button.bill.details')),
      askButton(writer, 'quota'),
      askButton(writer, 'history'),
    ],
    pictures: [usagePicture(writer, used, month), ...(course ? [course] : [])],
  };
}

/** The day before, in the summary of a month: how things are now is said once. */
function dayWithin(writer: Writer, dayBefore: DayPart): Markdown[] {
  const day = writer.day(Temporal.PlainDate.from(dayBefore.day));
  return [writer.text('digest.day', { day }), bullets(ofDay(writer, dayBefore)), ...done(writer, dayBefore, day)];
}

/** What is left, and for how long. */
function now(writer: Writer, { present }: Digest): (Markdown | undefined)[] {
  const { quota, available, forecast } = present;
  const { runwayDays, overdueAt } = forecast;
  return [
    writer.text('digest.left', { quota: writer.segments(quota), available: writer.money(available) }),
    burnText(writer, forecast),
    lastsText(writer, forecast, quota),
    runwayDays === null
      ? undefined
      : overdueAt
        ? writer.text('digest.runway_until', { days: writer.aboutDays(runwayDays), date: writer.date(overdueAt) })
        : writer.text('digest.runway', { days: writer.aboutDays(runwayDays) }),
  ];
}

function openAlerts(writer: Writer, { open }: Digest): Markdown[] {
  if (open.length === 0) return [writer.text('digest.no_alerts')];
  return [writer.text('digest.alerts'), bullets(open.map((alert) => writer.text(`alert_name.${alertName(alert)}`)))];
}

/** `when`: where a summary tells of two stretches of time, that of which this is. */
function done(writer: Writer, digest: Pick<Digest, 'done' | 'moreDone'>, when?: Markdown): Markdown[] {
  if (digest.done.length === 0) {
    return [when ? writer.text('digest.nothing_done_in', { when }) : writer.text('digest.nothing_done')];
  }
  return [
    when ? writer.text('digest.done_in', { when }) : writer.text('digest.done'),
    bullets([
      ...digest.done.map((entry) => historyLine(writer, entry)),
      digest.moreDone === 0 ? undefined : writer.text('digest.more_done', { count: digest.moreDone }),
    ]),
  ];
}
