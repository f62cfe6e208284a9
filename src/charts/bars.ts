import type { BarChart } from './chart.ts';
import { axisLabel, axisValues, shownLabels } from './scale.ts';
import {
  COLORS,
  element,
  legend,
  line,
  picture,
  plotBeside,
  SERIES_COLORS,
  TEXT_SIZE,
  text,
  textWidth,
  withinPicture,
} from './svg.ts';

/** Stacked bars, as SVG. */
export function barsSvg(chart: BarChart): string {
  const totals = chart.bars.map(({ values }) => values.reduce((sum, value) => sum + Math.max(0, value), 0));
  const highest = Math.max(0, ...totals);
  const steps = axisValues(highest);
  const labels = steps.map((value) => axisLabel(value, chart.locale));
  const plot = plotBeside(labels);
  const top = steps.at(-1) ?? 1;
  const y = (value: number) => plot.bottom - ((plot.bottom - plot.top) * value) / top;
  const slot = (plot.right - plot.left) / Math.max(1, chart.bars.length);
  const width = Math.min(28, slot * 0.72);

  const grid = steps.map(
    (value, index) =>
      line(plot.left, y(value), plot.right, y(value), { stroke: index === 0 ? COLORS.axis : COLORS.grid }) +
      text(plot.left - 6, y(value) + 4, labels[index] ?? '', { 'text-anchor': 'end' }),
  );
  const bars = chart.bars.flatMap(({ values }, index) => {
    let below = 0;
    const x = plot.left + slot * index + (slot - width) / 2;
    return values.map((value, series) => {
      if (value <= 0) return '';
      const from = y(below);
      below += value;
      // What is there is seen, be it ever so little.
      const height = Math.max(from - y(below), 0.75);
      return element('rect', { x, y: from - height, width, height, fill: colorOf(series) });
    });
  });
  const widest = Math.max(...chart.bars.map(({ label }) => textWidth(label, TEXT_SIZE)));
  const names = shownLabels(chart.bars.length, plot.right - plot.left, widest).map((index) =>
    text(withinPicture(plot.left + slot * (index + 0.5), widest), plot.bottom + 16, chart.bars[index]?.label ?? '', {
      'text-anchor': 'middle',
    }),
  );
  const nothing =
    highest > 0
      ? ''
      : text((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2, chart.empty, { 'text-anchor': 'middle' });
  const entries = chart.series.map((name, series) => ({
    name,
    mark: (x: number, at: number) =>
      element('rect', { x, y: at - 5, width: 12, height: 12, rx: 2, fill: colorOf(series) }),
    isDrawn: chart.bars.some(({ values }) => (values[series] ?? 0) > 0),
  }));
  return picture(chart, [
    legend(entries.filter(({ isDrawn }) => isDrawn || highest === 0)),
    ...grid,
    ...bars,
    ...names,
    nothing,
  ]);
}

function colorOf(series: number): string {
  return SERIES_COLORS[series % SERIES_COLORS.length] ?? COLORS.line;
}
