import type { ColumnType, JSONColumnType } from 'kysely';

export type Instant = Temporal.Instant;
/** A column with a default in the database: may be left out of an insert. */
export type Defaulted<T> = ColumnType<T, T | undefined, T>;
export type Json<T extends object> = JSONColumnType<T>;

export type DestinationColumn = 'mainland' | 'international';
export type TemplateTypeColumn = 'verification' | 'notification' | 'promotion';
