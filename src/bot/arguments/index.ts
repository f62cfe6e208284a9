/** What people write for figures, dates and times. Pure; each returns undefined for what it does not understand whole. */
export { foldWidth } from './fold.ts';
export { amountOf, numberOf } from './numbers.ts';
export { dayOf, durationOf, monthOf } from './times.ts';
