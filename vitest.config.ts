import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/faults/**'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // The smallest machine that builds this has two cores, and the database needs its share of them.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
