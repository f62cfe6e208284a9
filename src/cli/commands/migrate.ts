import { z } from 'zod';
import { migrateToLatest } from '../../store/migrator.ts';
import { defineCommand } from '../command.ts';

export const migrate = defineCommand({
  name: 'migrate',
  about: 'Bring the database to the newest version',
  input: z.object({}),
  beforeMigration: true,
  run: async ({ db }) => {
    const applied = await migrateToLatest(db);
    return {
      json: { applied },
      lines: applied.length === 0 ? ['The database is up to date.'] : applied.map((name) => `Applied ${name}.`),
    };
  },
});
