import { z } from 'zod';
import { bilingual } from '../domain/sentence.ts';

/** Before it nobody metered anything; what lies far before it is no time to the database. */
const FIRST = '2000-01-01';

/** A day as it is typed. */
export const dateArgument = z.iso
  .date({ abort: true, error: bilingual('must be a date like 2026-03-31', '须为 2026-03-31 这样的日期') })
  .refine((text) => text >= FIRST, bilingual(`must be ${FIRST} or later`, `不得早于 ${FIRST}`))
  .transform((text) => Temporal.PlainDate.from(text));
