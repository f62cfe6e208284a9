/**
 * A pure function that keeps its newest answers: calendars are dear, and many accounts ask the same of one moment and zone. What it answers
 * is shared, so it must not be changed.
 */
export function remember<A extends readonly unknown[], T>(
  keyOf: (...args: A) => string,
  answer: (...args: A) => T,
  size = 64,
): (...args: A) => T {
  const known = new Map<string, T>();
  return (...args) => {
    const key = keyOf(...args);
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = answer(...args);
    const [oldest] = known.size >= size ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, value);
    return value;
  };
}
