/**
 * How long to wait before try number `attempt` (the first repeat is 1): evenly spread between nothing and a ceiling that doubles up to
 * `capMs`, so that many clients that lost the platform at the same moment do not come back at the same moment.
 *
 * @param random a number from 0 up to 1
 */
export function fullJitter(attempt: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceiling * random());
}
