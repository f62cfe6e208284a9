import type { BarChart } from '../../charts/chart.ts';
import { TEMPLATE_TYPES } from '../../domain/usage.ts';
import type { Usage } from '../../services/usage.ts';
import type { SlotUsage } from '../../store/hourly-usage.ts';
import type { NoticePicture } from '../../store/notices.ts';
import type { Markdown } from '../markdown.ts';
import type { Writer } from '../writer.ts';

/** Fewer days than this are named by their weekday. */
const WEEK = 7;

/** What was used by day, or by hour of a single day: stacks of the mainland's template types, and what went abroad. */
export function usagePicture(
  writer: Writer,
  usage: Pick<Usage, 'starts' | 'slots' | 'asOf'>,
  period: Markdown,
): NoticePicture {
  const kinds: readonly ((slot: SlotUsage) => boolean)[] = [
    ...TEMPLATE_TYPES.map((type) => (slot: SlotUsage) => slot.destination === 'mainland' && slot.templateType === type),
    (slot) => slot.destination === 'international',
  ];
  const isByHour = isSingleDay(usage);
  const chart: BarChart = {
    kind: 'bars',
    title: writer.text(isByHour ? 'chart.usage.by_hour' : 'chart.usage.by_day', { period }),
    note: writer.text('chart.as_of', { time: writer.time(usage.asOf), zone: writer.zone(usage.asOf) }),
    locale: writer.language,
    series: [
      ...TEMPLATE_TYPES.map((type) => writer.text(`template_type.${type}`)),
      writer.text('chart.usage.international'),
    ],
    bars: usage.starts.map((start, index) => ({
      label: isByHour ? String(start.hour) : dayLabel(writer, start, usage.starts.length),
      values: kinds.map((isKind) =>
        Number(
          usage.slots
            .filter((slot) => slot.slot === index && isKind(slot))
            .reduce((sum, { planSegments, paygSegments }) => sum + planSegments + paygSegments, 0n),
        ),
      ),
    })),
    empty: writer.text('chart.usage.empty'),
  };
  return { alt: chart.title, chart };
}

function isSingleDay({ starts }: Pick<Usage, 'starts'>): boolean {
  const [first, second] = starts;
  return first !== undefined && second !== undefined && first.toPlainDate().equals(second.toPlainDate());
}

function dayLabel(writer: Writer, start: Temporal.ZonedDateTime, count: number): string {
  return count <= WEEK ? writer.weekday(start.toPlainDate()) : String(start.day);
}
