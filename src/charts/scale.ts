/** Round values from zero up to at least `max`, for an axis: three to five steps of 1, 2, 2.5 or 5 times a power of ten. */
export function axisValues(max: number): number[] {
  const rough = Math.max(max, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const whole = Number.isInteger(step) ? step : Math.ceil(step);
  const values = [0];
  while ((values.at(-1) ?? 0) < max || values.length < 2) values.push(values.length * whole);
  return values;
}

/** A number as short as an axis needs it: `1.2万`, `12K`. */
export function axisLabel(value: number, locale: string): string {
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 2 }).format(value);
}

/** Which of so many labels are shown, so that they do not run into each other: every so many, and the first. */
export function shownLabels(count: number, room: number, labelWidth: number): number[] {
  const fitting = Math.max(1, Math.floor(room / (labelWidth + 8)));
  const every = Math.max(1, Math.ceil(count / fitting));
  return Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every);
}
