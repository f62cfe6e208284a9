import { afterAll } from 'vitest';
import type { JumpingClock } from '../../src/clock.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { createLogger } from '../../src/log.ts';
import { type PlatformBehaviour, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxWorld } from '../../src/sandbox/world.ts';
import { type Service, startService } from '../../src/service.ts';
import { sandboxWorld } from './sandbox-world.ts';
import { steadyClock } from './steady-clock.ts';
import type { TestDatabase } from './test-database.ts';

/** The whole service on a test database, connected to an emulator by the real stream client. */
export interface RunningService {
  readonly service: Service;
  readonly sandbox: Sandbox;
  readonly clock: JumpingClock;
  /** Moves the clock; what is due in between is done in between. */
  advance(by: string): Promise<void>;
  /** Another replica on the same database and emulator; stops with the first one. */
  addReplica(): Promise<Service>;
  stop(): Promise<void>;
}

export interface RunningOptions {
  readonly databaseUrl: string;
  /** Default: `sandboxWorld`. */
  readonly world?: SandboxWorld;
  /** Default: `steadyClock`. */
  readonly clock?: JumpingClock;
  readonly behaviour?: Partial<PlatformBehaviour>;
  /** Real time after which a command that is still at work says so. Default: never, for a busy machine is no reason to. */
  readonly patienceMs?: number;
}

const NEVER_MS = 3_600_000;

/** Starts a service for the tests of one file, and stops it after the last one. */
export async function runService(database: TestDatabase, options: Omit<RunningOptions, 'databaseUrl'> = {}) {
  const running = await startRunningService({ databaseUrl: database.url, ...options });
  afterAll(() => running.stop());
  return running;
}

/** Starts a service for one test, which stops it. */
export async function startRunningService(options: RunningOptions): Promise<RunningService> {
  const { databaseUrl, world = sandboxWorld(), clock = steadyClock(), behaviour, patienceMs = NEVER_MS } = options;
  const logger = createLogger({ level: 'fatal', name: 'test' });
  const sandbox = await startSandbox({
    port: 0,
    world,
    clock: { now: () => clock.now().epochMilliseconds, advance: async () => {} },
    // A click's time is the machine's, which other tests may keep busy.
    behaviour: { callsPerSecond: 1_000, callbackTimeoutMs: 60_000, ...behaviour },
  });
  const startReplica = () =>
    startService({
      databaseUrl,
      maxConnections: 10,
      dingtalk: completeSettings({ ...world.app, apiBase: sandbox.url, oapiBase: sandbox.url }),
      http: { host: '127.0.0.1', port: 0 },
      clock,
      logger,
      patienceMs,
      // As much as the emulator allows here.
      limits: { callsPerSecond: 1_000, repliesPerMinute: 1_000, callsPerMonth: 200_000 },
    });
  const service = await startReplica();
  const replicas = [service];
  await service.connected;
  return {
    service,
    sandbox,
    clock,
    advance: (by) =>
      service.scheduler.advanceTo(clock, clock.now().toZonedDateTimeISO('Asia/Shanghai').add(by).toInstant()),
    addReplica: async () => {
      const replica = await startReplica();
      replicas.push(replica);
      await replica.connected;
      return replica;
    },
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await sandbox.stop();
    },
  };
}
