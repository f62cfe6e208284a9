import { SystemClock } from '../src/clock.ts';
import { completeSettings } from '../src/dingtalk/settings.ts';
import { createLogger } from '../src/log.ts';
import { startService } from '../src/service.ts';
import { BENCH_APP } from './emulator-thread.ts';

/** The service as it runs, connected to an emulator. It tells its address. */
const { BENCH_URL: base = '', BENCH_DATABASE: databaseUrl = '' } = process.env;
const service = await startService({
  databaseUrl,
  maxConnections: 10,
  dingtalk: completeSettings({ ...BENCH_APP, apiBase: base, oapiBase: base }),
  http: { host: '127.0.0.1', port: 0 },
  clock: new SystemClock(),
  logger: createLogger({ level: 'info', name: 'bench' }),
});
await service.connected;
// What is due on the new accounts is done before anything is measured.
await service.scheduler.tick();
process.send?.(service.url);
process.on('disconnect', () => void service.stop().then(() => process.exit(0)));
