import { alertName } from '../../domain/alert-levels.ts';
import type { Announcement } from '../../domain/announcement.ts';
import type { Digest } from '../../domain/digest.ts';
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
  const total = writer.segments(used.covered + used.payg);
  const spent = used.cost + bought;
  const isUsed = used.covered + used.payg > 0n;
  const picture = quotaPicture(writer, present, present.past) ?? (isUsed ? usagePicture(writer, used, day) : undefined);
  return {
    title: writer.text('digest.daily.title', { day, segments: total, spent: writer.money(spent) }),
    paragraphs: [
      bullets([
        isUsed
          ? writer.text('digest.used', {
              segments: total,
              covered: writer.segments(used.covered),
              payg: writer.segments(used.payg),
            })
          : writer.text('digest.unused'),
        bought === 0n
          ? writer.text('digest.spent', { spent: writer.money(spent) })
          : writer.text('digest.spent.bought', {
              spent: writer.money(spent),
              payg: writer.money(used.cost),
              bought: writer.money(bought),
            }),
        ...now(writer, digest),
      ]),
      ...openAlerts(writer, digest),
      ...done(writer, digest),
    ],
    buttons: [askButton(writer, 'balance'), askButton(writer, 'quota'), askButton(writer, 'usage')],
    ...(picture ? { pictures: [picture] } : {}),
  };
}

function monthly(writer: Writer, digest: Of<'monthly_digest'>): Draft {
  const month = writer.month(digest.month);
  const { used } = digest;
  return {
    title: writer.text('digest.monthly.title', {
      month,
      segments: writer.segments(used.covered + used.payg),
      spent: writer.money(spentOf(digest)),
    }),
    paragraphs: [
      writer.text('bill_closed.body', { month }),
      ...billSummary(writer, digest),
      writer.text('digest.now'),
      bullets(now(writer, digest)),
      ...openAlerts(writer, digest),
      ...done(writer, digest),
    ],
    buttons: [
      billButton(writer, digest.month, 0, writer.text('button.bill.details')),
      askButton(writer, 'quota'),
      askButton(writer, 'history'),
    ],
    pictures: [usagePicture(writer, used, month)],
  };
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

function done(writer: Writer, digest: Digest): Markdown[] {
  if (digest.done.length === 0) return [writer.text('digest.nothing_done')];
  return [
    writer.text('digest.done'),
    bullets([
      ...digest.done.map((entry) => historyLine(writer, entry)),
      digest.moreDone === 0 ? undefined : writer.text('digest.more_done', { count: digest.moreDone }),
    ]),
  ];
}
