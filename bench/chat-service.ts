import { SystemClock } from '../src/clock.ts';
import { completeSettings } from '../src/dingtalk/settings.ts';
import { createLogger } from '../src/log.ts';
import { startService } from '../src/service.ts';
import { BENCH_APP } from './emulator-thread.ts';

/** The service as it runs, but for DingTalk's limits on calls, which would be all that is measured. */
const { BENCH_URL: base = '', BENCH_DATABASE: databaseUrl = '', BENCH_CONNECTIONS: connections = '10' } = process.env;
const service = await startService({
  databaseUrl,
  maxConnections: Number(connections),
  dingtalk: completeSettings({ ...BENCH_APP, apiBase: base, oapiBase: base }),
  http: { host: '127.0.0.1', port: 0 },
  clock: new SystemClock(),
  logger: createLogger({ level: 'error', name: 'bench' }),
  limits: { callsPerSecond: 1_000_000, repliesPerMinute: 1_000_000, callsPerMonth: 1_000_000_000 },
});
await service.connected;
// What is due on the new accounts is done before anything is measured.
await service.scheduler.tick();
process.send?.('ready');
process.on('disconnect', () => void service.stop().then(() => process.exit(0)));
