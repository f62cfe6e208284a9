import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { changeButtons } from '../store/cards.ts';
import { type Database, inTransaction } from '../store/database.ts';
import {
  type LeasedNotice,
  leaseDueNotices,
  type MonthlyBudget,
  mergeWaiting,
  nextNoticeAt,
  type Parcel,
  saidFor,
} from '../store/notice-queue.ts';
import type { Tx } from '../store/schema.ts';
import { withTrace } from '../trace.ts';
import { attempt } from './attempt.ts';
import { WITHOUT_API } from './forms.ts';
import { monthlyBudget } from './limits.ts';
import { MAX_MERGED, MAX_MERGED_BYTES, mergedNotice } from './merge.ts';
import type { Messenger } from './messenger.ts';
import { type DeadNotice, type Outcome, Recorder } from './recorder.ts';
import type { DeliveryStep } from './steps.ts';

/** Recipients that are served at the same time. */
const PARALLEL = 48;
/** Notices are leased when so many recipients more can be served: few statements, and nobody waits for a whole round. */
const REFILL = 16;
/** Between two leases: what is queued one by one in quick succession is leased together. */
const LEASE_PAUSE_MS = 10;
/** Longer than all forms of one attempt may take; then another process takes over. */
const LEASE = Temporal.Duration.from({ seconds: 120 });

export interface DelivererOptions {
  readonly db: Database;
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls that the organisation has in a month. Default: there is no limit. (rule 23) */
  readonly callsPerMonth?: number;
  /** Called in the transaction in which notices become dead letters. Default: they are in the log alone. */
  readonly onDead?: (tx: Tx, dead: readonly DeadNotice[]) => Promise<void>;
  /** Called in the transaction in which it is recorded that a notice could not be said in half a day and waits on, at each attempt from then on. Default: it is in the log alone. */
  readonly onStuck?: (tx: Tx, error: string) => Promise<void>;
  /** Called after what became of a notice was recorded; must not throw. */
  readonly onRecorded?: (outcome: Outcome, at: Temporal.Instant) => void;
  /** Called when a step is about to begin, with what it is about to be done with. For tests of what happens when it does not end. */
  readonly onStep?: (step: DeliveryStep, notice?: LeasedNotice) => Promise<void>;
}

/**
 * Delivers queued notices, at least once and in order per recipient, what waits for one recipient in one message; what cannot be delivered
 * is retried, then said in another form, and at last a visible dead letter. A retry begins with the best form that may still work, so an
 * outage degrades nothing. The steps are named in `steps.ts`. (rules 22 and 23)
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #recorder: Recorder;
  #running: Promise<void> | undefined;
  #again = false;
  /** How often it was asked to deliver. */
  #wakes = 0;
  /** Resolves when it is asked while it delivers. */
  #woken = Promise.withResolvers<void>();
  #stopped = false;

  constructor(options: DelivererOptions) {
    const { db, clock, onDead = async () => {}, onStuck = async () => {} } = options;
    this.#options = options;
    this.#recorder = new Recorder({ db, now: () => clock.now(), onDead, onStuck });
  }

  /** Delivers what is due, soon. */
  wake(): void {
    this.deliverDue().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'notices could not be delivered; the next tick tries again');
    });
  }

  /** Resolves when all that was due at the call has been attempted. */
  deliverDue(): Promise<void> {
    this.#again = true;
    this.#wakes += 1;
    this.#woken.resolve();
    // It goes on for others than who asked.
    this.#running ??= withTrace(null, () => this.#run());
    return this.#running;
  }

  /** Takes nothing new and waits for what is being said. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => undefined);
  }

  /** What the month's calls have to last for; null where there is no limit. */
  get budget(): MonthlyBudget | null {
    const { callsPerMonth, clock } = this.#options;
    return callsPerMonth === undefined ? null : monthlyBudget(callsPerMonth, clock.now());
  }

  /** When the next notice may be tried, of those that may after `after`. */
  nextDueAt(after?: Temporal.Instant): Promise<Temporal.Instant | null> {
    const { db, clock } = this.#options;
    return nextNoticeAt(db.kysely, clock.now(), { after, budget: this.budget });
  }

  async #run(): Promise<void> {
    const inFlight = new Set<Promise<void>>();
    const failures: unknown[] = [];
    const failed = (error: unknown) => {
      failures.push(error);
    };
    let nextLeaseAt = 0;
    while (true) {
      const free = PARALLEL - inFlight.size;
      if (this.#again && !this.#stopped && failures.length === 0 && free >= REFILL) {
        const early = nextLeaseAt - performance.now();
        if (early > 0) await pause(early);
        nextLeaseAt = performance.now() + LEASE_PAUSE_MS;
        this.#again = false;
        this.#woken = Promise.withResolvers();
        const wakes = this.#wakes;
        const parcels = await this.#lease(free).catch(failed);
        for (const parcel of parcels ?? []) {
          const delivery = this.#deliver(parcel, wakes)
            .catch(failed)
            .finally(() => inFlight.delete(delivery));
          inFlight.add(delivery);
        }
        if (parcels?.length === free) this.#again = true;
      } else if (inFlight.size > 0) {
        // Nobody waits for somebody else's slow call: what is queued meanwhile is looked at once there is room for it.
        await Promise.race(this.#again ? inFlight : [...inFlight, this.#woken.promise]);
      } else {
        // At once, so that whoever asks from now on begins anew.
        this.#running = undefined;
        break;
      }
    }
    // All have come to their end, also when one could not be recorded: its lease runs out, and it is said again.
    if (failures.length > 0) throw failures[0];
  }

  async #lease(limit: number): Promise<Parcel[]> {
    const { db, clock, onStep } = this.#options;
    await onStep?.('lease');
    const now = clock.now();
    return leaseDueNotices(db.kysely, now, { limit, leaseUntil: now.add(LEASE), budget: this.budget });
  }

  /** @param wakes how often it had been asked when the parcel was leased */
  async #deliver(parcel: Parcel, wakes: number): Promise<void> {
    const { messenger, clock, onStep } = this.#options;
    await withTrace(parcel.leader.trace, async () => {
      const { notice, merged } = await this.#merge(parcel);
      await onStep?.('send', notice);
      const result = await attempt(
        messenger,
        notice,
        () => clock.now(),
        (from, to) => saidFor(this.#options.db.kysely, { from, to, notAs: WITHOUT_API }),
      );
      await onStep?.('mark', notice);
      const outcomes = [parcel.leader, ...merged].map((one) => ({ notice: one, result }));
      await this.#recorder.record(outcomes);
      for (const outcome of outcomes) this.#report(outcome);
    });
    // What was queued for this recipient meanwhile could not be leased before.
    if (parcel.hasMoreBehind || wakes !== this.#wakes) this.#again = true;
  }

  /** Binds what waits right behind a notice to it, if both may be said together; the buttons of all then belong to its card. (rule 23) */
  async #merge({ leader, merged, isFresh, hasMoreBehind }: Parcel) {
    if (!isFresh || !hasMoreBehind) return { merged, notice: mergedNotice(leader, merged) };
    const { db, clock, onStep } = this.#options;
    await onStep?.('merge', leader);
    return inTransaction(db, async (tx) => {
      const now = clock.now();
      const room = { leaseUntil: now.add(LEASE), maxNotices: MAX_MERGED, maxBytes: MAX_MERGED_BYTES };
      const added = await mergeWaiting(tx, leader, now, { ...room, budget: this.budget });
      const notice = mergedNotice(leader, added);
      if (added.length > 0 && notice.outTrackId !== null) {
        await changeButtons(tx, notice.outTrackId, notice.content.buttons);
      }
      return { merged: added, notice };
    });
  }

  #report(outcome: Outcome): void {
    const { logger, clock, onRecorded } = this.#options;
    const { notice, result } = outcome;
    const now = clock.now();
    withTrace(notice.trace, () => {
      const facts = { notice: notice.id, reason: notice.reason, attempt: notice.attempts };
      const waited = Math.round(notice.queuedAt.until(now).total('milliseconds'));
      if (result.state === 'delivered') logger.info({ ...facts, form: result.form, waited }, 'notice delivered');
      else logger.warn({ ...facts, state: result.state, error: result.error }, 'notice not delivered');
    });
    onRecorded?.(outcome, now);
  }
}
