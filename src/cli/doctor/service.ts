import { z } from 'zod';
import type { Config } from '../../config.ts';
import { type Finding, failed, ok, sentenceOf, skipped } from './finding.ts';

const TIME_LIMIT_MS = 5_000;

const readiness = z.object({
  ready: z.boolean(),
  checks: z.record(z.string(), z.looseObject({ ok: z.boolean(), error: z.string().optional() })),
});

/** Whether the service runs on this machine, and says itself that it is ready. */
export async function checkService({ http }: Config): Promise<Finding> {
  const name = 'service';
  if (http.port === 0) return skipped(name, 'PORT is 0: the service takes a free port at each start');
  const host = ['0.0.0.0', '::'].includes(http.host) ? '127.0.0.1' : http.host;
  const base = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
  let answer: { status: number; body: unknown };
  try {
    const response = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(TIME_LIMIT_MS) });
    answer = { status: response.status, body: await response.json().catch(() => undefined) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED') {
      return skipped(name, `nothing listens on ${base}`, 'Start the service, or run this where it runs.');
    }
    return failed(
      name,
      `${base}/readyz does not answer (${sentenceOf(cause)})`,
      'See its log; restart it if it hangs.',
    );
  }
  const state = readiness.safeParse(answer.body);
  if (!state.success) {
    return failed(
      name,
      `${base}/readyz answers ${answer.status}, but not as the service does`,
      'Another program listens there: give PORT another value.',
    );
  }
  if (state.data.ready) return ok(name, `${base} is ready`);
  const reasons = Object.entries(state.data.checks)
    .filter(([, check]) => !check.ok)
    .map(([check, { error }]) => `${check}${error === undefined ? '' : ` (${error})`}`);
  return failed(name, `${base} is not ready: ${reasons.join(', ')}`, 'See the checks above, and its log.');
}
