/**
 * The steps between which a process may end at any moment without anything being lost or done twice, each named where it is about to begin:
 *
 * - `command`: a message or click has come (`receive`), was found to be new (`decide`), is decided and not yet saved (`commit`), is saved
 *   with its answer and neither acknowledged nor said (`tell`); one that takes long is kept first, to be acknowledged (`keep`)
 * - `usage`: a gateway's report has come, is to be rated, to be saved, to be answered
 * - `review`: an account is due: alerts and renewals are to be decided, to be saved, to be told
 * - `bill`: a month is over: its bill is to be made, to be saved, to be told
 * - `digest`: a summary is due, a month's with its bill: it is to be made, to be saved, to be told
 * - `delivery`: the steps of a notice, as `notify/steps.ts` tells them
 */
export const STEPS = Object.freeze([
  'command.receive',
  'command.keep',
  'command.decide',
  'command.commit',
  'command.tell',
  'usage.receive',
  'usage.decide',
  'usage.commit',
  'usage.answer',
  'review.decide',
  'review.commit',
  'review.tell',
  'bill.decide',
  'bill.commit',
  'bill.tell',
  'digest.decide',
  'digest.commit',
  'digest.tell',
  'delivery.lease',
  'delivery.merge',
  'delivery.send',
  'delivery.mark',
] as const);

export type Step = (typeof STEPS)[number];

let watcher: ((step: Step) => void) | undefined;

/** Lets a test know of each step, so that it can end the process there. Nothing in the program calls this, and no setting does. */
export function watchSteps(watch: (step: Step) => void): void {
  watcher = watch;
}

/** Says that a step is about to begin. Does nothing in service. */
export function reached(step: Step): void {
  watcher?.(step);
}
