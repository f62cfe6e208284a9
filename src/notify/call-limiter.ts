import type { Clock } from '../clock.ts';
import { type CallGate, LONGEST_PAUSE } from '../dingtalk/call-gate.ts';
import { DingTalkError } from '../dingtalk/errors.ts';
import type { Logger } from '../log.ts';
import { countCalls, holdTurns, reserveTurns } from '../store/call-limits.ts';
import { type Database, inTransaction } from '../store/database.ts';
import type { Tx } from '../store/schema.ts';
import { CALL_LIMITS, type CallLimits, callMonthOf, SPARING_SHARE } from './limits.ts';

/**
 * Share of the allowed rate that is used. Calls take unequal time to arrive: spaced exactly, the last of a second would now and then
 * arrive in the second of the first and be refused, which costs more than this.
 */
const USED_SHARE = 0.96;
/** A turn that is used so much later than it was for would come too close to the next ones; another one is taken then. */
const MAX_LATE_MS = 15;
/** But not for ever: on a machine that is always late, calls have to be made, too. */
const MAX_VOID_TURNS = 3;
/** Turns are reserved for about this long ahead: few round trips, and few turns in hand when the platform asks for a pause. */
const AHEAD_MS = 500;
/** Where the limit is high, calls that come this much later need no round trip of their own; at twenty a second there is nothing to spare. */
const SPARE_MS = 40;
/** The next turns are reserved so long before those in hand are used, so that none is lost to the round trip. */
const LEAD_MS = 200;
/** A call that had to wait longer is put off, so that no lease runs out meanwhile. */
const LONGEST_WAIT_MS = 10_000;
const LONGEST_PAUSE_MS = LONGEST_PAUSE.total('milliseconds');

/** What the operator has to know of the month's calls. `used_up`: the platform refuses, by its own count. */
export interface BudgetNews {
  readonly state: 'running_out' | 'used_up';
  readonly month: string;
  readonly used: number;
  readonly limit: number;
}

export interface CallLimiterOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: CallLimits;
  /** Told once a month, in a transaction that keeps that they were told. Default: nobody is told. */
  readonly onBudget?: (tx: Tx, news: BudgetNews) => Promise<void>;
  /** For metrics: a call that the platform refused for being too fast. */
  readonly onThrottled?: (call: string) => void;
}

/** A call that waits for its turn. */
interface Caller extends PromiseWithResolvers<void> {
  /** Turns that it was late for. */
  voided: number;
}

/** Calls of one API that wait for their turn in this process. */
interface Lane {
  readonly call: string;
  readonly waiting: Caller[];
  /** Turns that are reserved and nobody's yet: the time of the next one, and where they end. */
  spare: { next: number; readonly end: number };
  isServed: boolean;
  /** By `performance.now`; turns before it are void. */
  heldUntil: number;
}

/**
 * Keeps the calls of all replicas together within the platform's limits. Turns are reserved in the database, some at a time; the waiting
 * is real time, as the platform's is. (rule 23)
 */
export class CallLimiter implements CallGate {
  readonly #options: CallLimiterOptions;
  readonly #limits: CallLimits;
  readonly #intervalMs: number;
  readonly #chunk: number;
  readonly #spare: number;
  readonly #lanes = new Map<string, Lane>();
  #uncounted = 0;
  #counting: Promise<void> | undefined;

  constructor(options: CallLimiterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? CALL_LIMITS;
    this.#intervalMs = 1_000 / (this.#limits.callsPerSecond * USED_SHARE);
    this.#spare = Math.floor(SPARE_MS / this.#intervalMs);
    this.#chunk = Math.max(1, Math.floor(AHEAD_MS / this.#intervalMs));
  }

  async pass(call: string, isMetered: boolean): Promise<void> {
    await this.#turn(call);
    if (isMetered) this.#count();
  }

  async refused(call: string, reason: Parameters<CallGate['refused']>[1]): Promise<void> {
    try {
      if (reason.kind === 'used_up') await this.#usedUp();
      else await this.#hold(call, Math.min(reason.pause.total('milliseconds'), LONGEST_PAUSE_MS));
    } catch (error) {
      // The refusal itself is what the caller has to hear of.
      this.#options.logger.warn({ err: error, call }, 'that the platform refused a call could not be kept');
    }
  }

  /**
   * Whether one more answer may go through the webhook of a conversation now. Where it may not, there are other ways.
   * @throws DingTalkError of kind `retry` when that cannot be known
   */
  async mayReply(conversationId: string): Promise<boolean> {
    const { repliesPerMinute } = this.#limits;
    const turn = { count: 1, intervalMs: 60_000 / repliesPerMinute, burst: repliesPerMinute, withinMs: 0 };
    try {
      return (await reserveTurns(this.#options.db.kysely, `reply/${conversationId}`, turn)).isReserved;
    } catch (error) {
      throw unavailable('replyToSession', error);
    }
  }

  /** Resolves when every call that was made is counted. */
  async idle(): Promise<void> {
    while (this.#counting) await this.#counting;
  }

  #turn(call: string): Promise<void> {
    let lane = this.#lanes.get(call);
    if (!lane) {
      lane = { call, waiting: [], spare: { next: 0, end: 0 }, isServed: false, heldUntil: 0 };
      this.#lanes.set(call, lane);
    }
    const caller = { ...Promise.withResolvers<void>(), voided: 0 };
    const spare = this.#takeSpare(lane);
    if (spare === undefined) {
      lane.waiting.push(caller);
      this.#serve(lane);
    } else this.#giveAt(lane, caller, spare);
    return caller.promise;
  }

  /** A turn that is nobody's and not over. */
  #takeSpare(lane: Lane): number | undefined {
    const { next, end } = lane.spare;
    const passed = Math.max(0, Math.ceil((performance.now() - next) / this.#intervalMs));
    const at = next + passed * this.#intervalMs;
    if (at >= end) return undefined;
    lane.spare.next = at + this.#intervalMs;
    return at;
  }

  #serve(lane: Lane): void {
    if (lane.isServed) return;
    lane.isServed = true;
    // Those that come in the same turn of the event loop share a round trip.
    setImmediate(async () => {
      while (lane.waiting.length > 0) await this.#reserve(lane);
      lane.isServed = false;
    });
  }

  /** Gives the next of those that wait their turns; returns shortly before the last of these. */
  async #reserve(lane: Lane): Promise<void> {
    const callers = lane.waiting.splice(0, this.#chunk);
    const count = Math.max(callers.length, this.#spare);
    const reserve = {
      ...{ count, intervalMs: this.#intervalMs },
      ...{ withinMs: LONGEST_WAIT_MS, longestPauseMs: LONGEST_PAUSE_MS },
    };
    try {
      const { isReserved, delayMs } = await reserveTurns(this.#options.db.kysely, lane.call, reserve);
      if (!isReserved) {
        for (const caller of callers) caller.reject(tooLong(lane.call, delayMs));
        return;
      }
      const first = performance.now() + delayMs;
      for (const [index, caller] of callers.entries()) this.#giveAt(lane, caller, first + index * this.#intervalMs);
      const end = first + callers.length * this.#intervalMs;
      lane.spare = { next: end, end: first + count * this.#intervalMs };
      await until(end - LEAD_MS);
    } catch (error) {
      for (const caller of callers) caller.reject(unavailable(lane.call, error));
    }
  }

  #giveAt(lane: Lane, caller: Caller, at: number): void {
    const give = () => {
      const now = performance.now();
      const isHeld = now < lane.heldUntil;
      const isLate = now > at + MAX_LATE_MS && caller.voided < MAX_VOID_TURNS;
      if (!isHeld && !isLate) {
        caller.resolve();
        return;
      }
      // The platform has asked for a pause since, or this process stood still: this turn is void.
      if (isLate) caller.voided += 1;
      lane.waiting.unshift(caller);
      this.#serve(lane);
    };
    const wait = at - performance.now();
    if (wait > 0) setTimeout(give, Math.ceil(wait));
    else give();
  }

  async #hold(call: string, pauseMs: number): Promise<void> {
    const { db, logger, onThrottled } = this.#options;
    const lane = this.#lanes.get(call);
    if (lane) lane.heldUntil = Math.max(lane.heldUntil, performance.now() + pauseMs);
    onThrottled?.(call);
    logger.warn({ code: 'calls_throttled', call, pauseMs }, 'DingTalk was called too fast; every replica pauses');
    await holdTurns(db.kysely, call, { pauseMs, longestPauseMs: LONGEST_PAUSE_MS });
  }

  /** Counting is not waited for: what a crash leaves uncounted is a handful of calls. */
  #count(): void {
    this.#uncounted += 1;
    this.#counting ??= this.#flush().finally(() => {
      this.#counting = undefined;
    });
  }

  async #flush(): Promise<void> {
    const { db, clock, logger } = this.#options;
    while (this.#uncounted > 0) {
      const calls = this.#uncounted;
      this.#uncounted = 0;
      const month = callMonthOf(clock.now());
      try {
        const { used, warnedAt } = await countCalls(db.kysely, month, calls);
        const limit = this.#limits.callsPerMonth;
        if (used >= limit * SPARING_SHARE && warnedAt === null)
          await this.#tell({ state: 'running_out', month, used, limit });
      } catch (error) {
        logger.warn({ err: error, calls }, 'calls could not be counted');
      }
    }
  }

  async #usedUp(): Promise<void> {
    const { db, clock } = this.#options;
    const month = callMonthOf(clock.now());
    const { used } = await countCalls(db.kysely, month, 0);
    await this.#tell({ state: 'used_up', month, used, limit: this.#limits.callsPerMonth });
  }

  async #tell(news: BudgetNews): Promise<void> {
    const { db, onBudget } = this.#options;
    if (onBudget) await inTransaction(db, (tx) => onBudget(tx, news));
  }
}

function tooLong(call: string, delayMs: number): DingTalkError {
  const retryAfter = Temporal.Duration.from({ milliseconds: Math.min(Math.ceil(delayMs), LONGEST_PAUSE_MS) });
  return new DingTalkError({ call, code: 'local.turnTooFar', kind: 'throttled', retryAfter });
}

function unavailable(call: string, cause: unknown): DingTalkError {
  const detail = cause instanceof Error ? cause.name : undefined;
  return new DingTalkError({ call, code: 'local.limitsUnavailable', kind: 'retry', detail });
}

async function until(at: number): Promise<void> {
  const wait = at - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}
