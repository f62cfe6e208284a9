/** Something did not answer in time. What it does goes on; its answer is heard by nobody. */
export class TooLateError extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'TooLateError';
  }
}

/**
 * Waits for an answer no longer than so many milliseconds.
 * @throws TooLateError when it does not come in time; what the answer throws
 */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new TooLateError(ms)), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
