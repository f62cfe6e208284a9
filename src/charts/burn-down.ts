import type { BurnDownChart, Point } from './chart.ts';
import { axisLabel, axisValues, shownLabels } from './scale.ts';
import {
  COLORS,
  element,
  legend,
  line,
  type Plot,
  picture,
  plotBeside,
  TEXT_SIZE,
  text,
  textWidth,
  withinPicture,
} from './svg.ts';

const DASHES = '5 4';

/** What was and what is expected, as SVG. */
export function burnDownSvg(chart: BurnDownChart): string {
  const values = [...chart.past, ...chart.future].map(({ value }) => value);
  const steps = axisValues(Math.max(0, chart.threshold?.value ?? 0, ...values));
  const labels = steps.map((value) => axisLabel(value, chart.locale));
  const plot = plotBeside(labels);
  const top = steps.at(-1) ?? 1;
  const last = Math.max(1, chart.days.length - 1);
  const x = (day: number) => plot.left + ((plot.right - plot.left) * Math.min(day, last)) / last;
  const y = (value: number) => plot.bottom - ((plot.bottom - plot.top) * value) / top;
  const path = (points: readonly Point[]) =>
    points
      .map(({ day, value }, index) => `${index === 0 ? 'M' : 'L'}${x(day).toFixed(2)} ${y(value).toFixed(2)}`)
      .join('');

  const grid = steps.map(
    (value, index) =>
      line(plot.left, y(value), plot.right, y(value), { stroke: index === 0 ? COLORS.axis : COLORS.grid }) +
      text(plot.left - 6, y(value) + 4, labels[index] ?? '', { 'text-anchor': 'end' }),
  );
  const widest = Math.max(...chart.days.map((name) => textWidth(name, TEXT_SIZE)));
  const room = plot.right - plot.left;
  const names = shownLabels(chart.days.length, room, widest).map((day) =>
    text(withinPicture(x(day), widest), plot.bottom + 16, chart.days[day] ?? '', { 'text-anchor': 'middle' }),
  );
  const now = chart.past.at(-1);
  const first = chart.past[0];
  const area =
    now && first
      ? element('path', {
          d: `${path(chart.past)}L${x(now.day).toFixed(2)} ${plot.bottom}L${x(first.day).toFixed(2)} ${plot.bottom}Z`,
          fill: COLORS.area,
        })
      : '';
  return picture(chart, [
    legend([
      { name: chart.names.past, mark: (at, level) => stroke(at, level, COLORS.line) },
      ...(chart.future.length > 0
        ? [{ name: chart.names.future, mark: (at: number, level: number) => stroke(at, level, COLORS.line, '3 2.5') }]
        : []),
      ...(chart.threshold
        ? [
            {
              name: chart.threshold.label,
              mark: (at: number, level: number) => stroke(at, level, COLORS.alarm, '3 2.5'),
            },
          ]
        : []),
    ]),
    area,
    ...grid,
    ...(chart.threshold
      ? [
          line(plot.left, y(chart.threshold.value), plot.right, y(chart.threshold.value), {
            stroke: COLORS.alarm,
            'stroke-width': 1.5,
            'stroke-dasharray': DASHES,
          }),
        ]
      : []),
    element('path', { d: path(chart.past), fill: 'none', stroke: COLORS.line, 'stroke-width': 2.25 }),
    element('path', {
      d: path(chart.future),
      fill: 'none',
      stroke: COLORS.line,
      'stroke-width': 2.25,
      'stroke-dasharray': DASHES,
    }),
    ...(now ? [nowMark(chart, x(now.day), y(now.value), plot)] : []),
    ...names,
    ...(chart.end ? [endMark(chart.end.label, x(chart.end.day), plot)] : []),
  ]);
}

function stroke(x: number, y: number, color: string, dashes?: string): string {
  return line(x, y, x + 14, y, {
    stroke: color,
    'stroke-width': 2.25,
    ...(dashes === undefined ? {} : { 'stroke-dasharray': dashes }),
  });
}

function nowMark(chart: BurnDownChart, x: number, y: number, plot: Plot): string {
  return (
    line(x, plot.top - 4, x, plot.bottom, { stroke: COLORS.axis, 'stroke-dasharray': '2 3' }) +
    element('circle', { cx: x, cy: y, r: 3.5, fill: COLORS.line }) +
    halo(withinPicture(x, textWidth(chart.names.now, TEXT_SIZE)), plot.top + 6, chart.names.now, COLORS.quiet)
  );
}

function endMark(label: string, x: number, plot: Plot): string {
  return (
    line(x, plot.top + 28, x, plot.bottom, { stroke: COLORS.alarm, 'stroke-dasharray': '2 3' }) +
    element('circle', { cx: x, cy: plot.bottom, r: 4, fill: COLORS.alarm }) +
    halo(withinPicture(x, textWidth(label, TEXT_SIZE)), plot.top + 24, label, COLORS.alarm)
  );
}

/** Text over lines, with the ground around it so that it stays readable. */
function halo(x: number, y: number, content: string, fill: string): string {
  const common = { 'text-anchor': 'middle' };
  const ground = { stroke: COLORS.ground, 'stroke-width': 4, 'stroke-linejoin': 'round', fill: COLORS.ground };
  return text(x, y, content, { ...common, ...ground }) + text(x, y, content, { ...common, fill });
}
