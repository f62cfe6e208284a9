import { defineConfig } from 'vitest/config';

/** The sandbox's page in a real browser. Needs Chromium; see test/browser/support/browser.ts. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    pool: 'forks',
    // The stream client's own remarks matter when a test fails.
    silent: 'passed-only',
    // Each file starts a browser of its own.
    maxWorkers: 2,
    // They end only what hangs: the machine may be busy, and a test waits for what should be seen, for a minute at most.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
