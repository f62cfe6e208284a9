import { z } from 'zod';
import { bilingual } from '../domain/sentence.ts';

/** A day as it is typed. The database has no year 0, in which the first days of the year 1 begin east of Greenwich. */
export const dateArgument = z.iso
  .date(bilingual('must be a date like 2026-03-31', '须为 2026-03-31 这样的日期'))
  .regex(/^(?!000[01])/, bilingual('must be a date in the year 2 or later', '须为公元 2 年或之后的日期'))
  .transform((text) => Temporal.PlainDate.from(text));
