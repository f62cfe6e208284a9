import type { Config } from '../../config.ts';
import type { Sentence } from '../../domain/sentence.ts';
import type { Logger } from '../../log.ts';
import { codeOf } from '../../store/connection.ts';
import type { Database } from '../../store/database.ts';
import { pendingMigrations } from '../../store/migrator.ts';
import { readServerFacts, type ServerFacts } from '../../store/server-facts.ts';
import { withSession } from '../session.ts';
import { type Finding, failed, ok, sentenceOf, skipped } from './finding.ts';
import { timeZoneWarnings } from './time-zones.ts';

/** More than this, and times of the database and of the service do not fit together. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** The database of the settings, and whether it has the newest version. */
export async function checkDatabase(config: Config, logger: Logger): Promise<Finding[]> {
  try {
    return await withSession(config, logger, { beforeMigration: true }, async ({ db }) => [
      serverFinding(config, await readServerFacts(db.kysely), await timeZoneWarnings(db.kysely)),
      await migrationsFinding(config, db),
    ]);
  } catch (error) {
    return [
      failed('database', sentenceOf(error), adviceFor(codeOf(error), config)),
      skipped('migrations', 'the database is needed'),
    ];
  }
}

function adviceFor(code: string | undefined, config: Config): Sentence {
  if (config.database.url === null) {
    return {
      english: 'docs/database.md explains the embedded database. Or set DATABASE_URL to a PostgreSQL of your own.',
      chinese: '内置数据库见 docs/database.md。也可以把 DATABASE_URL 设为您自己的 PostgreSQL。',
    };
  }
  if (code === 'postgres_too_old') {
    return {
      english: 'Upgrade the server to PostgreSQL 15 or later.',
      chinese: '请把服务器升级到 PostgreSQL 15 或更高版本。',
    };
  }
  return {
    english:
      'See that the server runs, that this machine may reach it, and that DATABASE_URL names its host, port, user, password and database.',
    chinese: '请确认数据库服务器在运行、本机可以访问它，且 DATABASE_URL 写明了主机、端口、用户、密码和数据库名。',
  };
}

function serverFinding(config: Config, facts: ServerFacts, ofZones: readonly string[]): Finding {
  const { role, connectionLimit, otherConnections, aheadSeconds } = facts;
  const { maxConnections } = config.database;
  const where = config.database.url === null ? 'embedded' : `database "${facts.database}" as "${role}"`;
  const what = `PostgreSQL ${facts.version}, ${where}`;
  if (facts.isReadOnly) {
    return failed(
      'database',
      { english: `${what}: it is read-only`, chinese: `${what}：只读` },
      {
        english: 'Name the primary server in DATABASE_URL, not a standby.',
        chinese: '请在 DATABASE_URL 中写主服务器，而不是备机。',
      },
    );
  }
  if (!facts.mayCreate) {
    return failed(
      'database',
      {
        english: `${what}: the role may not make tables, which migrations and the partitions of each month need`,
        chinese: `${what}：该角色无权建表，而迁移和每月的分区都需要建表`,
      },
      {
        english: `As an administrator of the database: grant create on schema public to "${role}".`,
        chinese: `请以数据库管理员身份执行：grant create on schema public to "${role}"。`,
      },
    );
  }
  if (!facts.ownsTables) {
    return failed(
      'database',
      {
        english: `${what}: the tables belong to another role, so the partitions of the next month cannot be made`,
        chinese: `${what}：这些表属于另一个角色，下个月的分区无法建立`,
      },
      {
        english: `Connect as their owner, or make "${role}" a member of it.`,
        chinese: `请用表的所有者连接，或把“${role}”加入该角色。`,
      },
    );
  }
  if (connectionLimit < maxConnections) {
    return failed(
      'database',
      {
        english: `${what}: it allows ${connectionLimit} connections, and each process of the service may open ${maxConnections}`,
        chinese: `${what}：只允许 ${connectionLimit} 个连接，而服务的每个进程最多会打开 ${maxConnections} 个`,
      },
      {
        english: 'Lower DATABASE_MAX_CONNECTIONS, or raise the limit of the server, the database or the role.',
        chinese: '请调低 DATABASE_MAX_CONNECTIONS，或提高服务器、数据库或角色的连接上限。',
      },
    );
  }
  const warnings = [...ofZones];
  const free = connectionLimit - otherConnections;
  if (free < maxConnections) {
    warnings.push(
      `${otherConnections} of ${connectionLimit} connections are in use; another process that opens ${maxConnections} would not get all of them.`,
    );
  }
  if (Math.abs(aheadSeconds) > CLOCK_TOLERANCE_SECONDS) {
    warnings.push(
      `Its clock differs from this machine's by ${Math.round(Math.abs(aheadSeconds))} s. The service uses the database's; set both by NTP.`,
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
    return failed(
      'migrations',
      { english: found, chinese: `缺少 ${pending.join('、')}` },
      {
        english: 'Run "npm run cli -- migrate", or start the service, which does the same.',
        chinese: '请运行 npm run cli -- migrate，或启动服务（它会自动迁移）。',
      },
    );
  } catch (error) {
    return failed('migrations', sentenceOf(error), {
      english: 'docs/operations.md explains upgrading.',
      chinese: '升级方法见 docs/operations.md。',
    });
  }
}
