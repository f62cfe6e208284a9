import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderAsync } from '@resvg/resvg-js';
import { barsSvg } from './bars.ts';
import { burnDownSvg } from './burn-down.ts';
import type { Chart } from './chart.ts';
import { FONT_FAMILY } from './svg.ts';

/** Pixels for each point: as many as a phone has. */
const SCALE = 3;

/** The font that comes with the program, so that Chinese can be drawn on a machine without fonts. */
export const FONT_FILE = fileURLToPath(new URL('font/NotoSansSC-Medium.ttf', import.meta.url));

/** The drawing of a chart, before it is a picture. */
export function chartSvg(chart: Chart): string {
  switch (chart.kind) {
    case 'burn_down':
      return burnDownSvg(chart);
    case 'bars':
      return barsSvg(chart);
  }
}

/**
 * Draws a chart as a PNG. The work is done on a thread of the library; here only the compressed picture is taken over.
 * @throws Error when the drawing library or the font is missing
 */
export async function renderChart(chart: Chart): Promise<Buffer> {
  if (!existsSync(FONT_FILE)) throw new Error(`The font of the charts is missing: ${FONT_FILE}`);
  const image = await renderAsync(chartSvg(chart), {
    fitTo: { mode: 'zoom', value: SCALE },
    font: { loadSystemFonts: false, fontFiles: [FONT_FILE], defaultFontFamily: FONT_FAMILY },
  });
  return image.asPng();
}
