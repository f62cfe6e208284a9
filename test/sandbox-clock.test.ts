import { expect, test } from 'vitest';
import { keptSandboxClock, readSandboxClock } from '../src/sandbox-clock.ts';
import { scratchFolder } from './support/scratch-folder.ts';

test('given the clock of a sandbox, when it is moved, then a program that is started after a kill at that moment finds it there', async () => {
  const folder = await scratchFolder();
  const clock = await keptSandboxClock(folder);
  const start = clock.now();
  for (const hours of [1, 24, 24 * 40]) {
    clock.jumpTo(start.add({ hours }));
    expect(String((await readSandboxClock(folder)).offset)).toBe(String(clock.offset));
  }
  const again = await keptSandboxClock(folder);
  expect(start.until(again.now()).total('hours')).toBeGreaterThanOrEqual(24 * 40);
});
