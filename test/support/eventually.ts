import { vi } from 'vitest';
import { PATIENCE_MS } from '../../src/sandbox/event-log.ts';

/** Looks again and again until `look` does not throw, for what no event tells of; what it threw last, where that takes too long. */
export function eventually<T>(look: () => T | Promise<T>, interval = 5): Promise<T> {
  return vi.waitFor(look, { timeout: PATIENCE_MS, interval });
}
