import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from './clock.ts';
import type { DatabaseClock } from './database-clock.ts';
import type { StreamConnection, StreamStatus } from './dingtalk/stream-connection.ts';
import type { JobRun } from './jobs/scheduler.ts';
import type { Logger } from './log.ts';
import { callMonthOf } from './notify/limits.ts';
import type { Outcome } from './notify/recorder.ts';
import { DATABASE_ANSWERS_WITHIN_MS } from './readiness.ts';
import { countAccounts } from './store/accounts.ts';
import { isExhausted, readCallMonth } from './store/call-limits.ts';
import type { Database } from './store/database.ts';
import { readBacklog } from './store/notices.ts';
import { within } from './within.ts';

const PREFIX = 'sms_steward_';
const URGENCIES = ['reply', 'critical', 'routine'] as const;
const STATES: readonly StreamStatus['state'][] = ['connecting', 'open', 'waiting', 'stopped'];
/** What is read from the database for a scrape is kept so long, however many scrape. */
const KEPT_MS = 5_000;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DELIVERY_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 43_200];

export interface MetricsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly callsPerMonth: number;
}

/**
 * What the service shows of itself at `/metrics`, for Prometheus. Labels are of a few fixed words: no account, no person, no number.
 * `docs/operations.md` says what each is for.
 */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #registry = new Registry();
  readonly #commands: Histogram<'kind' | 'outcome'>;
  readonly #deliveries: Histogram<'urgency'>;
  readonly #notices: Counter<'state' | 'form'>;
  readonly #operatorAlerts: Counter<'kind' | 'form'>;
  readonly #throttled: Counter<'call'>;
  readonly #jobs: Histogram<'job' | 'outcome'>;
  #stored: { readonly at: number; readonly read: Promise<Stored | null> } | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#commands = new Histogram({
      name: `${PREFIX}command_seconds`,
      help: 'From a message or click to the commit of what it did and of its answer.',
      labelNames: ['kind', 'outcome'],
      buckets: SECONDS,
      registers,
    });
    this.#deliveries = new Histogram({
      name: `${PREFIX}notice_delivery_seconds`,
      help: 'From the queueing of a notice to its delivery.',
      labelNames: ['urgency'],
      buckets: DELIVERY_SECONDS,
      registers,
    });
    this.#notices = new Counter({
      name: `${PREFIX}notice_attempts_total`,
      help: 'What became of attempts to deliver a notice: delivered and in which form, waiting for another attempt, or dead.',
      labelNames: ['state', 'form'],
      registers,
    });
    this.#operatorAlerts = new Counter({
      name: `${PREFIX}operator_alerts_total`,
      help: 'Alerts to whoever runs the service, by what they are and in which form they were said; the form "log" reached nobody else.',
      labelNames: ['kind', 'form'],
      registers,
    });
    this.#throttled = new Counter({
      name: `${PREFIX}calls_throttled_total`,
      help: 'Calls that DingTalk refused because they came too fast.',
      labelNames: ['call'],
      registers,
    });
    this.#jobs = new Histogram({
      name: `${PREFIX}job_seconds`,
      help: 'Runs of jobs that were due, and how they ended.',
      labelNames: ['job', 'outcome'],
      buckets: [...SECONDS, 30, 60, 300],
      registers,
    });
    this.#collectStored();
  }

  /** Adds what is known of the connection to DingTalk. */
  watch(stream: StreamConnection): void {
    const registers = [this.#registry];
    new Gauge({
      name: `${PREFIX}stream_state`,
      help: 'The state of the connection that brings messages and clicks: 1 for the one it is in.',
      labelNames: ['state'],
      registers,
      collect() {
        for (const state of STATES) this.set({ state }, state === stream.status.state ? 1 : 0);
      },
    });
    new Gauge({
      name: `${PREFIX}stream_frame_age_seconds`,
      help: 'Since the last sign of life from DingTalk; not there before the first.',
      registers,
      collect() {
        const { lastFrameSeconds } = stream.status;
        if (lastFrameSeconds !== null) this.set(lastFrameSeconds);
      },
    });
    const counts = new Counter({
      name: `${PREFIX}stream_events_total`,
      help: 'Frames that came, and those that were repeated, malformed, not acknowledged or not handled; connections that were opened.',
      labelNames: ['event'],
      registers,
      collect: () => {
        counts.reset();
        for (const [event, count] of Object.entries(stream.status.counts)) counts.inc({ event }, count);
      },
    });
  }

  /** Adds how far the clocks differ. */
  watchClock(clock: DatabaseClock): void {
    new Gauge({
      name: `${PREFIX}clock_ahead_seconds`,
      help: "How far the database's clock, which is used, is ahead of this machine's; 0 for less than a second.",
      registers: [this.#registry],
      collect() {
        this.set(clock.aheadSeconds);
      },
    });
  }

  /** Measures the handling of a message or click. */
  async command(kind: 'message' | 'click', handle: () => Promise<void>): Promise<void> {
    const end = this.#commands.startTimer({ kind });
    try {
      await handle();
      end({ outcome: 'answered' });
    } catch (error) {
      end({ outcome: 'failed' });
      throw error;
    }
  }

  notice({ notice, result }: Outcome, at: Temporal.Instant): void {
    const form = result.state === 'delivered' ? result.form : '';
    this.#notices.inc({ state: result.state, form });
    if (result.state !== 'delivered') return;
    this.#deliveries.observe({ urgency: notice.urgency }, notice.queuedAt.until(at).total('seconds'));
    if (notice.target.type === 'operator') this.#operatorAlerts.inc({ kind: notice.reason, form });
  }

  throttled(call: string): void {
    this.#throttled.inc({ call });
  }

  job({ job, outcome, seconds }: JobRun): void {
    this.#jobs.observe({ job, outcome }, seconds);
  }

  /** All of it, in Prometheus' text form. What the database cannot say now is left out. */
  async expose(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #collectStored(): void {
    const { db } = this.#options;
    const stored = () => this.#readStored();
    this.#gauge('database_up', 'Whether the database answers.', [], async (gauge) => {
      gauge.set((await stored()) ? 1 : 0);
    });
    this.#gauge(
      'database_connections',
      'Connections of this process, and what waits for one.',
      ['state'],
      async (gauge) => {
        for (const [state, count] of Object.entries(db.connections)) gauge.set({ state }, count);
      },
    );
    this.#gauge('notices_waiting', 'Notices that wait to be delivered.', ['urgency'], async (gauge) => {
      for (const urgency of URGENCIES) gauge.set({ urgency }, (await stored())?.waiting.get(urgency)?.count ?? 0);
    });
    this.#gauge(
      'notice_oldest_seconds',
      'The age of the oldest notice that waits; what is held back until a time has none before it.',
      ['urgency'],
      async (gauge) => {
        for (const urgency of URGENCIES)
          gauge.set({ urgency }, (await stored())?.waiting.get(urgency)?.ageSeconds ?? 0);
      },
    );
    this.#gauge('dead_letters', 'Notices that nobody got, until they are retried or dropped.', [], async (gauge) => {
      const read = await stored();
      if (read) gauge.set(read.dead);
    });
    this.#gauge('accounts', 'Accounts by their standing.', ['standing'], async (gauge) => {
      const read = await stored();
      for (const [standing, count] of Object.entries(read?.accounts ?? {})) gauge.set({ standing }, count);
    });
    this.#gauge('calls_left', 'Calls of DingTalk that are left in this month.', [], async (gauge) => {
      const read = await stored();
      if (read) gauge.set(read.callsLeft);
    });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect: (gauge: Gauge<L>) => Promise<void>,
  ): void {
    const gauge: Gauge<L> = new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect: () => {
        gauge.reset();
        return collect(gauge);
      },
    });
  }

  /** Once for all that ask at the same time; null when the database cannot be asked. */
  #readStored(): Promise<Stored | null> {
    const now = performance.now();
    if (!this.#stored || now - this.#stored.at > KEPT_MS) {
      // Who scrapes waits for seconds at most, and has to hear of a database that is silent, too.
      const read = within(DATABASE_ANSWERS_WITHIN_MS, readStored(this.#options)).catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'metrics could not be read from the database');
        return null;
      });
      this.#stored = { at: now, read };
    }
    return this.#stored.read;
  }
}

interface Stored {
  readonly waiting: ReadonlyMap<string, { readonly count: number; readonly ageSeconds: number }>;
  readonly dead: number;
  readonly accounts: Readonly<Record<'clear' | 'overdue', number>>;
  readonly callsLeft: number;
}

async function readStored({ db, clock, callsPerMonth }: MetricsOptions): Promise<Stored> {
  const now = clock.now();
  const [{ waiting, dead }, accounts, month] = await Promise.all([
    readBacklog(db.kysely, now),
    countAccounts(db.kysely),
    readCallMonth(db.kysely, callMonthOf(now)),
  ]);
  return {
    waiting: new Map(
      waiting.map(({ urgency, waiting: count, oldest }) => [
        urgency,
        { count, ageSeconds: oldest?.until(now).total('seconds') ?? 0 },
      ]),
    ),
    dead,
    accounts,
    callsLeft: isExhausted(month, now) ? 0 : Math.max(0, callsPerMonth - month.used),
  };
}
