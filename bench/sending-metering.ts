import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SystemClock } from '../src/clock.ts';
import type { UsageReport } from '../src/domain/usage.ts';
import { Intake } from '../src/http/intake.ts';
import { createLogger } from '../src/log.ts';
import type { ServiceContext } from '../src/services/context.ts';
import { openDatabase } from '../src/store/database.ts';

/** Another process of the service: meters batches of the same accounts at a steady rate until its parent is gone. */
const { BENCH_DATABASE: url = '', BENCH_ACCOUNTS = '', BENCH_BATCHES_PER_SECOND, BENCH_BATCH } = process.env;
const accounts = BENCH_ACCOUNTS.split(',');
const [perSecond, size] = [Number(BENCH_BATCHES_PER_SECOND), Number(BENCH_BATCH)];

const clock = new SystemClock();
const context: ServiceContext = {
  clock,
  compose: () => ({ title: '', markdown: '', buttons: [], hint: '', mentions: [] }),
};
const db = openDatabase({ url, maxConnections: 10, logger: createLogger({ level: 'warn', name: 'bench' }) });
const intake = new Intake({ db, context, onReviewDue: () => {} });

const start = performance.now();
let sent = 0;
let metered = 0;
process.on('message', () => process.send?.(metered));
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
for (;;) {
  // What is due by now is sent, however long the batches before it take.
  while (sent < ((performance.now() - start) * perSecond) / 1_000) {
    const accountId = accounts[sent % accounts.length] ?? '';
    sent += 1;
    void intake.take(accountId, { reports: aBatch(), rejected: [] }).then(() => {
      metered += size;
    });
  }
  await pause(5);
}

function aBatch(): UsageReport[] {
  const at = clock.now();
  return Array.from({ length: size }, (_, index) => ({
    id: randomUUID(),
    destination: 'mainland',
    country: null,
    templateType: index % 3 === 0 ? 'notification' : 'verification',
    segments: 1,
    status: 'delivered',
    at,
  }));
}
