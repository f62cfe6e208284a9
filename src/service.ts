import { sql } from 'kysely';
import { Bot } from './bot/bot.ts';
import type { Clock } from './clock.ts';
import { createContext } from './context.ts';
import { OpenApi } from './dingtalk/open-api.ts';
import type { DingTalkSettings } from './dingtalk/settings.ts';
import { StreamConnection } from './dingtalk/stream-connection.ts';
import { createHttpServer } from './http/server.ts';
import { ApprovalJob } from './jobs/approval-job.ts';
import { BillJob } from './jobs/bill-job.ts';
import { DeliveryJob } from './jobs/delivery-job.ts';
import { HousekeepingJob } from './jobs/housekeeping-job.ts';
import { ReconciliationJob } from './jobs/reconciliation-job.ts';
import { ReviewJob } from './jobs/review-job.ts';
import { Scheduler } from './jobs/scheduler.ts';
import { asListenError } from './listen-error.ts';
import type { Logger } from './log.ts';
import { Deliverer } from './notify/deliverer.ts';
import { Messenger } from './notify/messenger.ts';
import type { ServiceContext } from './services/context.ts';
import { type Database, openDatabase } from './store/database.ts';

export interface ServiceOptions {
  readonly databaseUrl: string;
  readonly maxConnections: number;
  readonly dingtalk: DingTalkSettings;
  readonly http: { readonly host: string; readonly port: number };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: `BILL_WAIT_HOURS`. */
  readonly billWait?: Temporal.Duration;
}

/** A running SMS Steward. */
export interface Service {
  /** Where gateways report usage. */
  readonly url: string;
  readonly db: Database;
  readonly context: ServiceContext;
  readonly scheduler: Scheduler;
  /** Resolves when the bot has its first connection to DingTalk. */
  readonly connected: Promise<void>;
  /** Takes nothing new, finishes what runs, closes the stream last. */
  stop(): Promise<void>;
}

/** Starts the bot, the intake, the deliverer and the jobs on a database that is migrated. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { clock, logger, dingtalk } = options;
  const db = openDatabase({ url: options.databaseUrl, maxConnections: options.maxConnections, logger });
  const context = createContext(clock, options);
  const api = new OpenApi(dingtalk);
  const deliverer = new Deliverer({ db, messenger: new Messenger(api, dingtalk.cardTemplateId), clock, logger });
  const wakeDelivery = () => deliverer.wake();
  const reviews = new ReviewJob({ db, context, logger, onReviewed: wakeDelivery });
  const jobs = [
    // What a review prices or forfeits belongs to the bill that is closed after it.
    reviews,
    new BillJob({ db, context, logger, onClosed: wakeDelivery }),
    new ApprovalJob(db, context, wakeDelivery),
    new HousekeepingJob(db, clock),
    new ReconciliationJob(db, clock, logger),
    new DeliveryJob(db, deliverer),
  ];
  const scheduler = new Scheduler(jobs, clock, logger);
  const wake = { deliver: wakeDelivery, review: (accountId: string) => reviews.wake(accountId) };
  const nameOf = async (staffId: string) => (await api.getUser(staffId)).name;
  const bot = new Bot({ db, context, logger, wake, nameOf });
  const stream = new StreamConnection({
    settings: dingtalk,
    logger,
    handlers: {
      onMessage: (message) => bot.handleMessage(message),
      onClick: (click) => bot.handleClick(click),
      onAlarm: (alarm) => logger.error({ code: alarm.code }, alarm.message),
    },
  });
  const http = createHttpServer({ db, context, logger, wake, readiness: () => readiness(db, stream) });

  await http.listen({ ...options.http }).catch((error: unknown) => {
    throw asListenError(error, 'PORT');
  });
  const connected = new Promise<void>((resolve) => {
    stream.on('state', ({ state }) => {
      if (state === 'open') resolve();
    });
  });
  stream.start();
  await scheduler.start();
  scheduler.tick();
  const address = http.server.address();
  const port = typeof address === 'object' && address ? address.port : options.http.port;
  return {
    url: `http://127.0.0.1:${port}`,
    db,
    context,
    scheduler,
    connected,
    stop: async () => {
      await http.close();
      await scheduler.stop();
      await stream.stop();
      await reviews.idle();
      await deliverer.deliverDue();
      await deliverer.stop();
      await db.close();
    },
  };
}

/** A stream that is being opened anew does not make the service unready; one that stays away does. */
const STREAM_MAY_BE_DOWN = Temporal.Duration.from({ minutes: 1 });

async function readiness(db: Database, stream: StreamConnection) {
  const { state, since, lastError, counts } = stream.status;
  const downFor = since.until(Temporal.Now.instant());
  const isUp = state === 'open';
  const isBrieflyDown = counts.connections > 0 && Temporal.Duration.compare(downFor, STREAM_MAY_BE_DOWN) < 0;
  const database = await sql`select 1`.execute(db.kysely).then(
    () => ({ ok: true }),
    (error: unknown) => ({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
  const checks = {
    database,
    stream: { ok: isUp || isBrieflyDown, state, since: since.toString(), ...(lastError ? { error: lastError } : {}) },
  };
  return { ready: checks.database.ok && checks.stream.ok, checks };
}
