/** A picture in the chat is shown at most 358 × 350 points large; this fills the width and leaves room for text. */
export const WIDTH = 358;
export const HEIGHT = 236;
/** The family of the font that comes with the program. */
export const FONT_FAMILY = 'Noto Sans SC';

/** A light card in light and in dark mode: with its own opaque ground it reads the same on both. */
export const COLORS = {
  ground: '#ffffff',
  text: '#1f2937',
  quiet: '#4b5563',
  grid: '#e5e7eb',
  axis: '#9ca3af',
  line: '#1d4ed8',
  area: '#dbeafe',
  alarm: '#b91c1c',
} as const;

/** Told apart also by who sees colours differently, and dark enough on the ground. */
export const SERIES_COLORS = ['#1d4ed8', '#0f766e', '#d97706', '#7c3aed'] as const;

const TITLE_SIZE = 15;
export const TEXT_SIZE = 11.5;

const MARGIN = 14;

/** Where the data is drawn. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function plotBeside(axisLabels: readonly string[]): Plot {
  const widest = Math.max(...axisLabels.map((label) => textWidth(label, TEXT_SIZE)));
  return { left: MARGIN + widest + 6, right: WIDTH - MARGIN, top: 66, bottom: HEIGHT - 46 };
}

type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : escapeXml(value);
    return ` ${key}="${text}"`;
  });
  return `<${name}${list.join('')}>${content}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, 'font-size': TEXT_SIZE, fill: COLORS.quiet, ...attributes }, escapeXml(content));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string {
  return element('line', { x1, y1, x2, y2, ...attributes });
}

/** The whole picture: ground, title and note around what is drawn. A title that is too long is drawn smaller. */
export function picture(figure: { title: string; note: string }, parts: readonly string[]): string {
  const room = WIDTH - 2 * MARGIN;
  const sizeFor = (content: string, size: number) => Math.min(size, (size * room) / textWidth(content, size));
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
    [
      element('rect', { width: WIDTH, height: HEIGHT, fill: COLORS.ground }),
      element(
        'g',
        { 'font-family': FONT_FAMILY },
        [
          text(MARGIN, 26, figure.title, { 'font-size': sizeFor(figure.title, TITLE_SIZE), fill: COLORS.text }),
          ...parts,
          text(MARGIN, HEIGHT - 12, figure.note, { 'font-size': sizeFor(figure.note, TEXT_SIZE) }),
        ].join(''),
      ),
    ].join(''),
  );
}

/** Names of what is drawn, in a row below the title; smaller where they would not fit into it. */
export function legend(entries: readonly LegendEntry[]): string {
  const names = entries.reduce((sum, { name }) => sum + textWidth(name, TEXT_SIZE), 0);
  const room = WIDTH - 2 * MARGIN - entries.length * (MARK + GAP) + GAP;
  const size = Math.min(TEXT_SIZE, (TEXT_SIZE * room) / names);
  let x = MARGIN;
  return entries
    .map(({ name, mark }) => {
      const drawn = mark(x, 45) + text(x + MARK, 49, name, { 'font-size': size });
      x += MARK + textWidth(name, size) + GAP;
      return drawn;
    })
    .join('');
}

interface LegendEntry {
  readonly name: string;
  /** Draws its sign at a place. */
  readonly mark: (x: number, y: number) => string;
}

/** The room for a sign of the legend, and between two entries. */
const MARK = 18;
const GAP = 12;

/** How wide a text is, near enough to lay out by: the font is not asked. */
export function textWidth(content: string, size: number): number {
  return (
    Math.max(
      1,
      [...content].reduce((sum, character) => sum + emsOf(character), 0),
    ) * size
  );
}

function emsOf(character: string): number {
  if (/[\u2e80-\uffef]/u.test(character)) return 1;
  if (/[ .,:;'|!()[\]ijlftrI]/.test(character)) return 0.34;
  if (/[A-Z]/.test(character)) return character === 'W' || character === 'M' ? 0.88 : 0.65;
  return /[mw%@]/.test(character) ? 0.88 : 0.57;
}

function escapeXml(content: string): string {
  return content
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The middle of a text of this width that stays within the picture. */
export function withinPicture(x: number, width: number): number {
  return Math.max(4 + width / 2, Math.min(x, WIDTH - 4 - width / 2));
}
