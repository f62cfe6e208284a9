/**
 * Loaded into a replica before the program: lets the test choose the step at which it ends as by `kill -9`, moves the time of the database,
 * which is the replicas' own, and sets the clock of the replica's machine wrong.
 * Started with KILL_AT as JSON, or told by a message; TIME_AHEAD_MS is how far the database's time is moved, CLOCK_WRONG_MS how far the
 * machine's clock is ahead of the right time.
 */
import { DatabaseClock } from '../../../src/database-clock.ts';
import { type Step, watchSteps } from '../../../src/steps.ts';
import type { KillAt, ToReplica } from './replica.ts';

let target: KillAt | null = JSON.parse(process.env.KILL_AT ?? 'null');
let isSince = target?.since === undefined;
let aheadMs = Number(process.env.TIME_AHEAD_MS ?? 0);

watchSteps((step: Step) => {
  if (target === null) return;
  if (isSince && step === target.step) {
    process.kill(process.pid, 'SIGKILL');
    // The signal ends the process before anything else is done, and not before this returns.
    for (;;);
  }
  if (step === target.since) isSince = true;
});

const databaseNow = DatabaseClock.prototype.now;
DatabaseClock.prototype.now = function now() {
  return databaseNow.call(this).add({ milliseconds: aheadMs });
};

const wrongMs = Number(process.env.CLOCK_WRONG_MS ?? 0);
const machineNow = Temporal.Now.instant;
Temporal.Now.instant = () => machineNow.call(Temporal.Now).add({ milliseconds: wrongMs });

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
