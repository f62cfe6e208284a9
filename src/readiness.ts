import { sql } from 'kysely';
import type { StreamConnection } from './dingtalk/stream-connection.ts';
import type { Readiness } from './http/parts.ts';
import type { Database } from './store/database.ts';
import { within } from './within.ts';

/** A stream that is being opened anew does not make the service unready; one that stays away does. */
const STREAM_MAY_BE_DOWN_S = 60;
/** A database that answers later is away, whatever its own time-outs, to whoever asks how the service is. */
export const DATABASE_ANSWERS_WITHIN_MS = 2_000;

/** Whether the service can do its work: the database answers, and the stream has not been down for a minute. */
export async function readiness(db: Database, stream: StreamConnection): Promise<Readiness> {
  const { state, downSince, downSeconds, lastError, counts } = stream.status;
  const isBrieflyDown = downSeconds !== null && counts.connections > 0 && downSeconds < STREAM_MAY_BE_DOWN_S;
  const checks = {
    database: await databaseCheck(db),
    stream: {
      ok: downSeconds === null || isBrieflyDown,
      state,
      ...(downSince ? { downSince: downSince.toString() } : {}),
      ...(lastError ? { error: lastError } : {}),
    },
  };
  return { ready: checks.database.ok && checks.stream.ok, checks };
}

async function databaseCheck(db: Database): Promise<{ ok: boolean; error?: string }> {
  try {
    await within(DATABASE_ANSWERS_WITHIN_MS, sql`select 1`.execute(db.kysely));
    return { ok: true };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
