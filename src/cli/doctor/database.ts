import type { Config } from '../../config.ts';
import type { Logger } from '../../log.ts';
import { codeOf } from '../../store/connection.ts';
import type { Database } from '../../store/database.ts';
import { pendingMigrations } from '../../store/migrator.ts';
import { readServerFacts, type ServerFacts } from '../../store/server-facts.ts';
import { withSession } from '../session.ts';
import { type Finding, failed, ok, sentenceOf, skipped } from './finding.ts';

/** More than this, and times of the database and of the service do not fit together. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** The database of the settings, and whether it has the newest version. */
export async function checkDatabase(config: Config, logger: Logger): Promise<Finding[]> {
  try {
    return await withSession(config, logger, { beforeMigration: true }, async ({ db }) => [
      serverFinding(config, await readServerFacts(db.kysely)),
      await migrationsFinding(config, db),
    ]);
  } catch (error) {
    return [
      failed('database', sentenceOf(error), adviceFor(codeOf(error), config)),
      skipped('migrations', 'the database is needed'),
    ];
  }
}

function adviceFor(code: string | undefined, config: Config): string {
  if (config.database.url === null) {
    return 'docs/database.md explains the embedded database. Or set DATABASE_URL to a PostgreSQL of your own.';
  }
  if (code === 'postgres_too_old') return 'Upgrade the server to PostgreSQL 15 or later.';
  return 'See that the server runs, that this machine may reach it, and that DATABASE_URL names its host, port, user, password and database.';
}

function serverFinding(config: Config, facts: ServerFacts): Finding {
  const { role, connectionLimit, otherConnections, aheadSeconds } = facts;
  const { maxConnections } = config.database;
  const where = config.database.url === null ? 'embedded' : `database "${facts.database}" as "${role}"`;
  const what = `PostgreSQL ${facts.version}, ${where}`;
  if (facts.isReadOnly) {
    return failed('database', `${what}: it is read-only`, 'Name the primary server in DATABASE_URL, not a standby.');
  }
  if (!facts.mayCreate) {
    return failed(
      'database',
      `${what}: the role may not make tables, which migrations and the partitions of each month need`,
      `As an administrator of the database: grant create on schema public to "${role}".`,
    );
  }
  if (!facts.ownsTables) {
    return failed(
      'database',
      `${what}: the tables belong to another role, so the partitions of the next month cannot be made`,
      `Connect as their owner, or make "${role}" a member of it.`,
    );
  }
  if (connectionLimit < maxConnections) {
    return failed(
      'database',
      `${what}: it allows ${connectionLimit} connections, and each process of the service may open ${maxConnections}`,
      'Lower DATABASE_MAX_CONNECTIONS, or raise the limit of the server, the database or the role.',
    );
  }
  const warnings: string[] = [];
  const free = connectionLimit - otherConnections;
  if (free < maxConnections) {
    warnings.push(
      `${otherConnections} of ${connectionLimit} connections are in use; another process that opens ${maxConnections} would not get all of them.`,
    );
  }
  if (Math.abs(aheadSeconds) > CLOCK_TOLERANCE_SECONDS) {
    warnings.push(
      `Its clock differs from this machine's by ${Math.round(Math.abs(aheadSeconds))} s. Set both by NTP; times are those of the service.`,
    );
  }
  return ok('database', `${what}, ${maxConnections} of ${connectionLimit} connections per process`, warnings);
}

async function migrationsFinding(config: Config, db: Database): Promise<Finding> {
  try {
    const pending = await pendingMigrations(db);
    if (pending.length === 0) return ok('migrations', 'the database has the newest version');
    const found = `${pending.join(', ')} ${pending.length === 1 ? 'is' : 'are'} missing`;
    // The embedded database is the program's own, which brings it to the newest version whenever it starts.
    if (config.database.url === null) return ok('migrations', `${found}; the service applies them when it starts`);
    return failed('migrations', found, 'Run "npm run cli -- migrate", or start the service, which does the same.');
  } catch (error) {
    return failed('migrations', sentenceOf(error), 'docs/operations.md explains upgrading.');
  }
}
