import { defineConfig } from 'vitest/config';

/** Replicas as processes of their own, which are killed, cut off and stopped; see test/faults/README.md. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // Each file has replicas beside it.
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
