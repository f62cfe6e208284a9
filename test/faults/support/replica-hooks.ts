/**
 * Loaded into a replica before the program: lets the test choose the step at which it ends as by `kill -9`, and moves its clock.
 * Started with KILL_AT as JSON, or told by a message; CLOCK_AHEAD_MS is how far its clock is ahead of the machine's.
 */
import { type Step, watchSteps } from '../../../src/steps.ts';
import type { KillAt, ToReplica } from './replica.ts';

let target: KillAt | null = JSON.parse(process.env.KILL_AT ?? 'null');
let isSince = target?.since === undefined;
let aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 0);

watchSteps((step: Step) => {
  if (target === null) return;
  if (isSince && step === target.step) {
    process.kill(process.pid, 'SIGKILL');
    // The signal ends the process before anything else is done, and not before this returns.
    for (;;);
  }
  if (step === target.since) isSince = true;
});

const machineNow = Temporal.Now.instant;
Temporal.Now.instant = () => machineNow.call(Temporal.Now).add({ milliseconds: aheadMs });

process.on('message', (message: ToReplica) => {
  if (message.killAt !== undefined) {
    target = message.killAt;
    isSince = message.killAt.since === undefined;
  }
  if (message.aheadMs !== undefined) aheadMs = message.aheadMs;
  process.send?.('done');
});
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
