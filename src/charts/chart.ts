/**
 * What a picture shows: plain numbers, and texts in the language of who looks at it. It is stored with a notice as JSON, and drawn when the
 * notice is delivered.
 */
export type Chart = BurnDownChart | BarChart;

interface Figure {
  readonly title: string;
  /** Of when the figures are, below the picture. */
  readonly note: string;
  /** BCP 47; for the numbers beside the lines. */
  readonly locale: string;
}

/** How a stock went down, and how it is expected to go on. */
export interface BurnDownChart extends Figure {
  readonly kind: 'burn_down';
  /** The days from the left edge on, one name for each. A point's `day` counts from the first one. */
  readonly days: readonly string[];
  /** What was, up to now. */
  readonly past: readonly Point[];
  /** What is expected, from now on; without a forecast it is empty. */
  readonly future: readonly Point[];
  /** A level to mind; null for none. */
  readonly threshold: { readonly value: number; readonly label: string } | null;
  /** Where it is expected to end; null when that is further than the picture goes. */
  readonly end: { readonly day: number; readonly label: string } | null;
  readonly names: { readonly past: string; readonly future: string; readonly now: string };
}

export interface Point {
  /** With parts of a day. */
  readonly day: number;
  readonly value: number;
}

/** Amounts of several kinds, one stack for each stretch of time. */
export interface BarChart extends Figure {
  readonly kind: 'bars';
  /** From the bottom of each stack to its top. */
  readonly series: readonly string[];
  readonly bars: readonly { readonly label: string; readonly values: readonly number[] }[];
  /** Said in the place of the bars when there is nothing in them. */
  readonly empty: string;
}
