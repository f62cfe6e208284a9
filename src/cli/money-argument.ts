import { z } from 'zod';

/** An amount of money as it is typed: a decimal with at most six digits after the point. */
export const amountArgument = z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, 'must be an amount like 500 or 500.00');
