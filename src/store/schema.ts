import type { Kysely, Transaction } from 'kysely';
import type { AccountTables } from './schema/accounts.ts';
import type { BookTables } from './schema/books.ts';
import type { CatalogueTables } from './schema/catalogue.ts';
import type { ChatTables } from './schema/chat.ts';
import type { EpisodeTables } from './schema/episodes.ts';
import type { GatewayTables } from './schema/gateways.ts';
import type { JobTables } from './schema/jobs.ts';
import type { TellingTables } from './schema/telling.ts';
import type { UsageTables } from './schema/usage.ts';

/** The tables, as `migrations/` makes them. Money and segments are `bigint`; times are `Temporal.Instant`. */
export interface Schema
  extends CatalogueTables,
    AccountTables,
    GatewayTables,
    BookTables,
    UsageTables,
    EpisodeTables,
    ChatTables,
    TellingTables,
    JobTables {}

/** A transaction. Everything that writes takes one, so that a use case commits as a whole. */
export type Tx = Transaction<Schema>;
/** A transaction, or the pool: enough for a read that stands alone. */
export type Executor = Kysely<Schema>;
