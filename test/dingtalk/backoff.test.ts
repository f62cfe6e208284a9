import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fullJitter } from '../../src/dingtalk/backoff.ts';
import { FrameMemory } from '../../src/dingtalk/frame-memory.ts';

test('given the highest number, then the ceilings double from one second to a minute', () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 5_000].map((attempt) => fullJitter(attempt, 1_000, 60_000, () => 1));
  expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('given any attempt and number, then the pause lies between nothing and the ceiling, in proportion', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempt, number) => {
      const ceiling = fullJitter(attempt, 1_000, 60_000, () => 1);
      expect(fullJitter(attempt, 1_000, 60_000, () => number)).toBe(Math.round(ceiling * number));
    }),
  );
});

test('given an id, then it is new once, and again when it was forgotten', () => {
  const memory = new FrameMemory(60_000, 10);
  expect([memory.remember('a'), memory.remember('a'), memory.remember('b')]).toEqual([true, false, true]);
  memory.forget('a');
  expect(memory.remember('a')).toBe(true);
});

test('given more ids than it holds, then the oldest goes first', () => {
  const memory = new FrameMemory(60_000, 3);
  for (const id of ['a', 'b', 'c', 'd']) memory.remember(id);
  expect(memory.remember('b')).toBe(false);
  expect(memory.remember('a')).toBe(true);
});

test('given ids whose time is over, then they are new', () => {
  const memory = new FrameMemory(0, 3);
  expect([memory.remember('a'), memory.remember('a')]).toEqual([true, true]);
});
