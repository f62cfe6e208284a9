import { defineConfig } from 'vitest/config';

/** The texts in both languages, without the database that other tests need: quick enough for each commit. */
export default defineConfig({ test: { include: ['test/bot/texts.test.ts'], reporters: ['minimal'] } });
