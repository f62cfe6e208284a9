import { readUsage, type Usage, type UsageLine } from '../../services/usage.ts';
import { askFor } from '../ask.ts';
import { askButton, choiceButton } from '../content.ts';
import { bullets, type Markdown } from '../markdown.ts';
import { usagePicture } from '../pictures/usage-picture.ts';
import { type AskedPeriod, type NamedPeriod, nameOf, PERIOD_WORDS, periodOf } from '../usage-period.ts';
import { commandText } from '../vocabulary.ts';
import type { Writer } from '../writer.ts';
import type { Command, GroupCommandContext, Reply } from './command.ts';

const PERIODS: readonly NamedPeriod[] = ['today', 'week', 'month', 'last_month'];
const MAX_COUNTRIES = 5;

/** What was sent in a day, a week or a month, by kind, and who paid for it, with a picture of its days. */
export const usage: Command = {
  name: 'usage',
  who: 'group',
  run: async (context: GroupCommandContext): Promise<Reply> => {
    const { tx, services, writer, bound, argument } = context;
    const { account } = bound;
    const now = services.clock.now().toZonedDateTimeISO(account.timeZone);
    const period = periodOf(argument, now);
    if (!period) return which(context);
    const name = periodName(writer, period, now);
    const others = PERIODS.filter((other) => other !== nameOf(period, now));
    const buttons = [...others.map((other, index) => periodButton(writer, other, index)), askButton(writer, 'plans')];
    if (Temporal.PlainDate.compare(period.first, now.toPlainDate()) > 0) {
      return {
        title: writer.text('usage.future.title', { period: name }),
        paragraphs: [writer.text('usage.future', { period: name })],
        buttons,
      };
    }
    const used = await readUsage(services, tx, account, period);
    const segments = segmentsOf(used);
    return {
      title: writer.text('usage.title', { period: name, segments: writer.segments(segments) }),
      paragraphs: [
        segments === 0n ? writer.text('usage.none', { period: name }) : total(writer, used, name),
        used.waiting === 0n ? undefined : writer.text('usage.waiting', { segments: writer.segments(used.waiting) }),
        bullets(used.lines.map((line) => lineOf(writer, line))),
        countries(writer, used),
        writer.asOf(used.asOf, account.name),
      ],
      buttons,
      pictures: used.lines.length === 0 ? [] : [usagePicture(writer, used, name)],
    };
  },
};

function segmentsOf({ lines, waiting }: Usage): bigint {
  return lines.reduce((sum, { covered, payg }) => sum + covered + payg, waiting);
}

function total(writer: Writer, used: Usage, period: Markdown): Markdown {
  const { lines } = used;
  const sum = (of: (line: UsageLine) => bigint) => lines.reduce((all, line) => all + of(line), 0n);
  return writer.text('usage.total', {
    period,
    segments: writer.segments(segmentsOf(used)),
    covered: writer.segments(sum(({ covered }) => covered)),
    payg: writer.segments(sum(({ payg }) => payg)),
    cost: writer.money(sum(({ cost }) => cost)),
  });
}

function lineOf(writer: Writer, { destination, templateType, covered, payg, cost }: UsageLine): Markdown {
  const figures = {
    kind: writer.text(`usage.kind.${destination}`, { type: writer.text(`template_type.${templateType}`) }),
    segments: writer.segments(covered + payg),
    covered: writer.segments(covered),
    payg: writer.segments(payg),
    cost: writer.money(cost),
  };
  if (payg === 0n && cost === 0n) return writer.text('usage.line.covered', figures);
  return covered === 0n ? writer.text('usage.line.payg', figures) : writer.text('usage.line.both', figures);
}

function countries(writer: Writer, { countries: all }: Usage): Markdown | undefined {
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MAX_COUNTRIES).map(({ country, segments, cost }) =>
    writer.text('usage.country', {
      country: writer.country(country),
      segments: writer.segments(segments),
      cost: writer.money(cost),
    }),
  );
  const others = all.length - shown.length;
  return writer.text('usage.countries', {
    countries: writer.allOf(others > 0 ? [...shown, writer.text('usage.other_countries', { count: others })] : shown),
  });
}

function periodName(writer: Writer, period: AskedPeriod, now: Temporal.ZonedDateTime): Markdown {
  const { kind, first, last } = period;
  const name = nameOf(period, now);
  if (kind === 'month') return writer.month(first.toPlainYearMonth().toString());
  if (kind === 'day') {
    const day = writer.day(first);
    return name === 'today' ? writer.text('usage.period.today', { day }) : day;
  }
  const days = { first: writer.shortDay(first), last: writer.shortDay(last) };
  return writer.text(name === 'week' ? 'usage.period.this_week' : 'usage.period.week', days);
}

function periodButton(writer: Writer, period: NamedPeriod, index: number) {
  const [word] = PERIOD_WORDS[period][writer.language];
  return choiceButton(writer.text(`button.usage.${period}`), index, commandText(writer.language, 'usage', word));
}

function which(context: GroupCommandContext): Reply {
  const { writer, services, bound } = context;
  const now = services.clock.now().toZonedDateTimeISO(bound.account.timeZone);
  return askFor(context, {
    command: 'usage',
    title: writer.text('usage.which.title'),
    paragraphs: [writer.text('usage.which.body')],
    choices: PERIODS.map((period) => ({
      label: writer.text(`button.usage.${period}`),
      argument: PERIOD_WORDS[period][writer.language][0],
    })),
    example: now.toPlainDate().toPlainYearMonth().toString(),
  });
}
