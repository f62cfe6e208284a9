import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { integerArray, textArray } from '../../src/store/array-literal.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { db } = await createTestDatabase({ empty: true });

test('given any texts, then the database reads the same ones', async () => {
  const texts = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
  const awkward = fc.constantFrom('', ' ', 'null', 'NULL', '{}', ',', '"', '\\', '\\"', '\n', "'", '短信');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(texts, awkward)), async (items) => {
      const { rows } = await sql<{ read: string[] }>`select ${textArray(items)}::text[] as read`.execute(db.kysely);
      expect(rows).toEqual([{ read: items }]);
    }),
  );
});

test('given whole numbers, then the database reads the same ones', async () => {
  const items = [0, -1, 2 ** 53 - 1];
  const { rows } = await sql`
    select ${integerArray(items)}::bigint[] as read, ${integerArray([])}::bigint[] as none`.execute(db.kysely);
  expect(rows).toEqual([{ read: items.map(BigInt), none: [] }]);
});
