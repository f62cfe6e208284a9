import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/faults/**'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // Two processes for all files: to load the program anew for each costs more than most of their tests. test/README.md says what that asks of a file.
    isolate: false,
    // The smallest machine that builds this has two cores, and the database needs its share of them.
    maxWorkers: 2,
    // They end only what hangs: the machine may be busy, and a test waits for events, each for a minute at most.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Tests that run programs start some dozens of them: what Node has compiled for one serves the next.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
  },
});
