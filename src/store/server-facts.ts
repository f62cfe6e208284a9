import { sql } from 'kysely';
import type { Executor } from './schema.ts';

/** What a database server lets the program do. */
export interface ServerFacts {
  /** `18.1` */
  readonly version: string;
  readonly database: string;
  readonly role: string;
  /** Whether nothing can be written: a standby, or set so. */
  readonly isReadOnly: boolean;
  /** Whether tables can be made, for migrations and the partitions of each month. */
  readonly mayCreate: boolean;
  /** Whether the tables are the role's own, if they are there: nobody else may make their partitions. */
  readonly ownsTables: boolean;
  /** Connections that the role may have on this database, by the tightest limit. */
  readonly connectionLimit: number;
  /** How many connections to the server there are besides this one, whoever has them. */
  readonly otherConnections: number;
  /** How far the server's clock is ahead of this machine's. */
  readonly aheadSeconds: number;
}

/** Asks the server about itself. */
export async function readServerFacts(db: Executor): Promise<ServerFacts> {
  const { rows } = await sql<Omit<ServerFacts, 'connectionLimit' | 'aheadSeconds'> & Limits & { at: Temporal.Instant }>`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      current_database() as database,
      current_user as role,
      pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "isReadOnly",
      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "mayCreate",
      coalesce((select pg_has_role(relowner, 'USAGE') from pg_class where oid = to_regclass('usage_records')), true)
        as "ownsTables",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as server,
      (select rolconnlimit from pg_roles where rolname = current_user) as "ofRole",
      (select datconnlimit from pg_database where datname = current_database()) as "ofDatabase",
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())
        as "otherConnections",
      clock_timestamp() as at`.execute(db);
  const [row] = rows;
  if (!row) throw new TypeError('a select without a table answers one row');
  const { server, ofRole, ofDatabase, at, ...facts } = row;
  return {
    ...facts,
    // A limit of -1 is none.
    connectionLimit: Math.min(...[server, ofRole, ofDatabase].filter((limit) => limit >= 0)),
    aheadSeconds: Temporal.Now.instant().until(at).total('seconds'),
  };
}

/** What the server's clock says. */
export async function readServerTime(db: Executor): Promise<Temporal.Instant> {
  const { rows } = await sql<{ at: Temporal.Instant }>`select clock_timestamp() as at`.execute(db);
  const [row] = rows;
  if (!row) throw new TypeError('a select without a table answers one row');
  return row.at;
}

interface Limits {
  readonly server: number;
  readonly ofRole: number;
  readonly ofDatabase: number;
}
