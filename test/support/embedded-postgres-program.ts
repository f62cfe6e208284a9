import { createLogger } from '../../src/log.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded-postgres.ts';
import { StoreError } from '../../src/store/errors.ts';

// A program of its own around an embedded server, for tests that kill it or run it as somebody else.
// It prints one line of JSON, `{url}` or `{code, message}`, and then stays until SIGTERM.

const [dataDir = ''] = process.argv.slice(2);
const logger = createLogger({ level: 'silent' });
try {
  const server = await startEmbeddedPostgres({ dataDir, logger, settings: { fsync: 'off' } });
  const stayAlive = setInterval(() => {}, 60_000);
  process.once('SIGTERM', () => {
    clearInterval(stayAlive);
    void server.stop();
  });
  console.log(JSON.stringify({ url: server.url }));
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
