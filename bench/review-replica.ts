import { SystemClock } from '../src/clock.ts';
import { createContext } from '../src/context.ts';
import { ReviewJob } from '../src/jobs/review-job.ts';
import { createLogger } from '../src/log.ts';
import { openDatabase } from '../src/store/database.ts';

const [url = ''] = process.argv.slice(2);
const logger = createLogger({ level: 'error', name: 'bench' });
const db = openDatabase({ url, maxConnections: 10, logger });
const job = new ReviewJob({ db, context: createContext(new SystemClock()), logger, onReviewed: () => {} });
// With its connections open, as a replica that has been up for a while.
await job.nextDueAt();

process.on('message', async (message) => {
  if (message === 'go') {
    // What the other one holds is looked for again, as at the next tick.
    while (await job.run());
    process.send?.('done');
    return;
  }
  await db.close();
  process.disconnect?.();
});
process.send?.('ready');
