import { z } from 'zod';
import { bilingual } from '../domain/sentence.ts';

/** An amount of money as it is typed: a decimal with at most six digits after the point. */
export const amountArgument = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,6})?$/, bilingual('must be an amount like 500 or 500.00', '须为 500 或 500.00 这样的金额'));
