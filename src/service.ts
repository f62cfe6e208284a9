import { Bot } from './bot/bot.ts';
import type { Clock } from './clock.ts';
import { createContext, type OperatorSettings } from './context.ts';
import { DatabaseClock } from './database-clock.ts';
import { DingTalkError } from './dingtalk/errors.ts';
import { OpenApi } from './dingtalk/open-api.ts';
import type { DingTalkSettings } from './dingtalk/settings.ts';
import { StreamConnection } from './dingtalk/stream-connection.ts';
import { FrameShelf } from './frame-shelf.ts';
import { createHttpServer } from './http/server.ts';
import { DeliveryJob } from './jobs/delivery-job.ts';
import { FrameJob } from './jobs/frame-job.ts';
import { databaseJobs } from './jobs/index.ts';
import { RunRecord } from './jobs/run-record.ts';
import { Scheduler } from './jobs/scheduler.ts';
import { WebhookJob } from './jobs/webhook-job.ts';
import { asListenError } from './listen-error.ts';
import type { Logger } from './log.ts';
import { Metrics } from './metrics.ts';
import { CallLimiter } from './notify/call-limiter.ts';
import { Deliverer } from './notify/deliverer.ts';
import { CALL_LIMITS, type CallLimits } from './notify/limits.ts';
import { Messenger } from './notify/messenger.ts';
import { Pictures } from './notify/pictures.ts';
import { STUCK_ATTEMPTS } from './notify/retry.ts';
import { readiness } from './readiness.ts';
import type { ServiceContext } from './services/context.ts';
import {
  tellCallBudget,
  tellDeadLetters,
  tellDeadWebhook,
  tellStreamAlarm,
  tellStuckNotices,
} from './services/operator.ts';
import { reached } from './steps.ts';
import { readAccount } from './store/accounts.ts';
import { type Database, inTransaction, openDatabase } from './store/database.ts';
import { WebhookDeliverer } from './webhooks/deliverer.ts';

export interface ServiceOptions {
  readonly databaseUrl: string;
  readonly maxConnections: number;
  readonly dingtalk: DingTalkSettings;
  readonly http: { readonly host: string; readonly port: number };
  /** Default: the database's. */
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Default: `BILL_WAIT_HOURS`. */
  readonly billWait?: Temporal.Duration;
  /** Where the operator is told. Default: in the log. */
  readonly operator?: OperatorSettings;
  /** In which daily jobs have their times; an IANA name. Default: `SERVICE_TIME_ZONE`. */
  readonly timeZone?: string;
  /** Real time after which a command that is still at work says so. Default: `Bot`'s. */
  readonly patienceMs?: number;
  /** DingTalk's limits on calls. Default: those of a standard organisation. */
  readonly limits?: CallLimits;
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
  const { logger, dingtalk, limits = CALL_LIMITS } = options;
  const { callsPerMonth } = limits;
  const db = openDatabase({ url: options.databaseUrl, maxConnections: options.maxConnections, logger });
  const databaseClock = new DatabaseClock({ db, logger });
  const { clock = databaseClock } = options;
  const context = createContext(clock, options);
  const metrics = new Metrics({ db, clock, logger, callsPerMonth });
  const limiter = new CallLimiter({
    db,
    clock,
    logger,
    limits,
    onBudget: (tx, news) => tellCallBudget(context, tx, news),
    onThrottled: (call) => metrics.throttled(call),
  });
  const api = new OpenApi(dingtalk, { gate: limiter });
  const messenger = new Messenger(api, dingtalk.cardTemplateId, {
    logger,
    mayReply: (conversationId) => limiter.mayReply(conversationId),
    robotName: dingtalk.robotName,
    pictures: new Pictures({ api, clock, logger, inCards: dingtalk.cardPictures }),
  });
  const deliverer = new Deliverer({
    db,
    messenger,
    clock,
    logger,
    callsPerMonth,
    onDead: (tx, [dead]) => tellDeadLetters(context, tx, dead?.error ?? ''),
    onStuck: (tx, error) => tellStuckNotices(context, tx, STUCK_ATTEMPTS, error),
    onRecorded: (outcome, at) => metrics.notice(outcome, at),
    onStep: async (step) => reached(`delivery.${step}`),
  });
  const wakeDelivery = () => deliverer.wake();
  const webhooks = new WebhookDeliverer({
    db,
    clock,
    logger,
    onDead: async (tx, { accountId, url }, error) =>
      tellDeadWebhook(context, tx, await readAccount(tx, accountId), new URL(url).host, error),
  });
  const onReviewed = () => {
    wakeDelivery();
    // Whatever changes a sending state makes its account due.
    webhooks.wake();
  };
  const { timeZone } = options;
  const { reviews, jobs } = databaseJobs({
    ...{ db, context, logger, onTold: wakeDelivery, onReviewed },
    ...(timeZone && { timeZone }),
  });
  const runs = new RunRecord(db, clock, logger);
  const wake = { deliver: wakeDelivery, review: (accountId: string) => reviews.wake(accountId) };
  const nameOf = async (staffId: string) => {
    try {
      return (await api.getUser(staffId)).name;
    } catch (error) {
      if (error instanceof DingTalkError && error.kind === 'gone') return null;
      throw error;
    }
  };
  const { patienceMs } = options;
  const bot = new Bot({ db, context, logger, wake, nameOf, ...(patienceMs !== undefined && { patienceMs }) });
  const shelf = new FrameShelf({ databaseUrl: options.databaseUrl, clock, logger });
  const stream = new StreamConnection({
    settings: dingtalk,
    logger,
    keeper: shelf,
    tuning: { drainTimeoutMs: STOP_MS.drain, closeTimeoutMs: STOP_MS.close },
    handlers: {
      onMessage: async (message) => {
        await metrics.command('message', () => bot.handleMessage(message));
        logger.info({ message: message.messageId, conversation: message.conversationId }, 'a message was handled');
      },
      onClick: async (click) => {
        await metrics.command('click', () => bot.handleClick(click));
        logger.info({ message: click.messageId, conversation: click.conversationId }, 'a click was handled');
      },
      onAlarm: async ({ code }) => {
        await inTransaction(db, (tx) => tellStreamAlarm(context, tx, code));
        wakeDelivery();
      },
    },
  });
  metrics.watch(stream);
  metrics.watchClock(databaseClock);
  const frames = new FrameJob({ db, clock, logger, handle: (frame) => stream.handleKept(frame) });
  const all = [...jobs, frames, new DeliveryJob(deliverer), new WebhookJob(db, webhooks)];
  const scheduler = new Scheduler(all, clock, logger, (run) => {
    metrics.job(run);
    return runs.add(run);
  });
  const http = createHttpServer({
    db,
    context,
    logger,
    wake,
    readiness: () => readiness(db, stream),
    metrics: () => metrics.expose(),
    closeGrace: STOP_MS.work,
  });

  if (clock === databaseClock) {
    await databaseClock.look();
    databaseClock.keepLooking();
  }
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
      await atMost(STOP_MS.work, Promise.all([http.close(), scheduler.stop()]));
      await atMost(STOP_MS.lastWords, Promise.all([reviews.idle(), deliverer.deliverDue(), webhooks.stop()]));
      // Until here the platform may have pushed to this replica, which has to answer it.
      await stream.stop();
      // What does not get said in time waits for the next start, or is said by another replica.
      await atMost(STOP_MS.lastWords, deliverer.deliverDue());
      await atMost(STOP_MS.rest, Promise.all([deliverer.stop(), limiter.idle()]));
      databaseClock.stop();
      await atMost(STOP_MS.rest, Promise.all([shelf.close(), db.close()]));
    },
  };
}

/** How long each part of a stop may take at most; together less than the ten seconds that a stop has. What is cut off is rolled back. */
const STOP_MS = { work: 3_000, lastWords: 1_500, drain: 1_500, close: 500, rest: 500 } as const;

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  await Promise.race([work.catch(() => {}), over.promise]);
  clearTimeout(timer);
}
