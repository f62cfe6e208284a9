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
      {
        english: `${base}/readyz does not answer (${sentenceOf(cause).english})`,
        chinese: `${base}/readyz 没有响应（${sentenceOf(cause).chinese}）`,
      },
      { english: 'See its log; restart it if it hangs.', chinese: '请查看它的日志；卡住的话请重启。' },
    );
  }
  const state = readiness.safeParse(answer.body);
  if (!state.success) {
    return failed(
      name,
      {
        english: `${base}/readyz answers ${answer.status}, but not as the service does`,
        chinese: `${base}/readyz 返回 ${answer.status}，但不是本服务的回答`,
      },
      {
        english: 'Another program listens there: give PORT another value.',
        chinese: '那里监听的是另一个程序：请给 PORT 换一个值。',
      },
    );
  }
  if (state.data.ready) return ok(name, `${base} is ready`);
  const reasons = Object.entries(state.data.checks)
    .filter(([, check]) => !check.ok)
    .map(([check, { error }]) => `${check}${error === undefined ? '' : ` (${error})`}`);
  return failed(
    name,
    { english: `${base} is not ready: ${reasons.join(', ')}`, chinese: `${base} 尚未就绪：${reasons.join('，')}` },
    { english: 'See the checks above, and its log.', chinese: '请看上面的检查结果和它的日志。' },
  );
}
