import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';

/** What only says that something was said. */
const TELLING = ['notices', 'cards', 'audit', 'audit_entries'];

/**
 * A fingerprint of each table's rows that belong to an account or to one of its conversations, whatever tables there are: so a command
 * cannot change something that a test forgot to look at.
 */
export async function accountState(
  db: Database,
  accountId: string,
  conversationIds: readonly string[],
): Promise<Map<string, string>> {
  const parts = [...(await keysOf(db))].map(([table, column]) => {
    const owner = column === 'account_id' ? sql`= ${accountId}` : sql`= any(${conversationIds})`;
    return sql`select ${table}::text as name, coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as rows
      from ${sql.table(table)} t where ${sql.ref(column)} ${owner}`;
  });
  const { rows } = await sql<{ name: string; rows: string }>`${sql.join(parts, sql` union all `)}`.execute(db.kysely);
  return new Map(rows.map((row) => [row.name, row.rows]));
}

const keysByDatabase = new WeakMap<Database, Promise<ReadonlyMap<string, string>>>();

/** By table, the column that says whose its rows are. A database is asked once: no test of these makes tables. */
function keysOf(db: Database): Promise<ReadonlyMap<string, string>> {
  const known = keysByDatabase.get(db);
  if (known) return known;
  const keys = readKeys(db);
  keysByDatabase.set(db, keys);
  return keys;
}

async function readKeys(db: Database): Promise<ReadonlyMap<string, string>> {
  const { rows: columns } = await sql<{ table_name: string; column_name: string }>`
    select c.table_name, c.column_name from information_schema.columns c
    join pg_class p on p.relname = c.table_name and p.relnamespace = c.table_schema::regnamespace
    where c.table_schema = 'public' and p.relkind in ('r', 'p') and not p.relispartition
      and c.column_name in ('account_id', 'conversation_id')
    order by c.table_name, c.column_name`.execute(db.kysely);
  const keys = new Map<string, string>();
  for (const { table_name: table, column_name: column } of columns) {
    if (!TELLING.includes(table) && !keys.has(table)) keys.set(table, column);
  }
  return keys;
}

/** The tables that differ. */
export function changedTables(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after.keys()].filter((table) => after.get(table) !== before.get(table));
}
