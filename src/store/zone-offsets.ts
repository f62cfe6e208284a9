import { sql } from 'kysely';
import type { Executor } from './schema.ts';

/** How far a time zone is from UTC at a time, as the database has it. */
export interface ZoneOffset {
  readonly zone: string;
  readonly at: Temporal.Instant;
  /** East is positive. */
  readonly seconds: number;
}

/** The time zones of the accounts on each day of the next year. */
export async function readZoneOffsets(db: Executor): Promise<ZoneOffset[]> {
  const { rows } = await sql<ZoneOffset>`
    select zone, at, extract(epoch from (at at time zone zone) - (at at time zone 'UTC'))::int as seconds
    from (select distinct time_zone as zone from accounts) as zones,
      generate_series(now(), now() + interval '1 year', interval '1 day') as days (at)
    order by zone, at`.execute(db);
  return rows;
}
