import { afterAll } from 'vitest';
import { OffsetClock } from '../../src/clock.ts';
import { completeSettings } from '../../src/dingtalk/settings.ts';
import { createLogger } from '../../src/log.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Service, startService } from '../../src/service.ts';
import { sandboxWorld } from './sandbox-world.ts';
import type { TestDatabase } from './test-database.ts';

/** The whole service on a test database, connected to an emulator by the real stream client. */
export interface RunningService {
  readonly service: Service;
  readonly sandbox: Sandbox;
  readonly clock: OffsetClock;
  /** Moves the clock; what is due in between is done in between. */
  advance(by: string): Promise<void>;
}

/** Starts a service for the tests of one file, and stops it after the last one. */
export async function runService(database: TestDatabase): Promise<RunningService> {
  const logger = createLogger({ level: 'fatal', name: 'test' });
  const clock = new OffsetClock();
  const sandbox = await startSandbox({
    port: 0,
    world: sandboxWorld(),
    clock: { now: () => clock.now().epochMilliseconds, advance: async () => {} },
    behaviour: { callsPerSecond: 1_000 },
  });
  const service = await startService({
    databaseUrl: database.url,
    maxConnections: 10,
    dingtalk: completeSettings({ ...sandboxWorld().app, apiBase: sandbox.url, oapiBase: sandbox.url }),
    http: { host: '127.0.0.1', port: 0 },
    clock,
    logger,
  });
  afterAll(async () => {
    await service.stop();
    await sandbox.stop();
  });
  await service.connected;
  return {
    service,
    sandbox,
    clock,
    advance: (by) =>
      service.scheduler.advanceTo(clock, clock.now().toZonedDateTimeISO('Asia/Shanghai').add(by).toInstant()),
  };
}
