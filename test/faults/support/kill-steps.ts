import { STEPS, type Step } from '../../../src/steps.ts';

const of = (...flows: string[]): Step[] => STEPS.filter((step) => flows.includes(step.split('.')[0] ?? ''));

/** A replica that keeps a frame waits for something. */
export const KEEP: Step = 'command.keep';
/** There is something to merge only where two notices wait for the same recipient. */
const MERGE: Step = 'delivery.merge';

/** At which step a replica is killed by which test; together they are all that the program names. */
export const IN_CHAT = of('command', 'delivery').filter((step) => step !== MERGE && step !== KEEP);
export const BY_USAGE = of('usage', 'review', 'delivery');
export const AT_MONTH_END = of('bill', 'digest');
