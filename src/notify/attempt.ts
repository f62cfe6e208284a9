import { DingTalkError } from '../dingtalk/errors.ts';
import type { LeasedNotice, NoticeResult } from '../store/notice-queue.ts';
import { type Form, formsFor } from './forms.ts';
import type { Messenger } from './messenger.ts';
import { fateOf, pauseAfter } from './retry.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** Attempts in which a form that may work later is given time; after them an attempt goes on to the next forms. */
const PATIENCE = 3;
/** Later than this an attempt begins no further form: it has to be over before its lease is, or another process says it too. */
const BEGUN_WITHIN = Temporal.Duration.from({ seconds: 60 });
/** Shares of the platform's limits that are tried when it refuses a form for its size. */
const SHARES = [1, 0.5, 0.25];

/**
 * One attempt: the forms from the best that may still work, until one does; those before it have failed for good. (rule 22)
 *
 * @param toldFor for how long others were told things between two times; asked before a notice is given up
 */
export async function attempt(
  messenger: Messenger,
  notice: LeasedNotice,
  now: () => Temporal.Instant,
  toldFor: (from: Temporal.Instant, to: Temporal.Instant) => Promise<Temporal.Duration | null>,
): Promise<NoticeResult> {
  const forms = formsFor(notice.target, notice.content, now());
  const reached = Math.max(0, forms.indexOf(notice.form as Form));
  let error = 'no form is left';
  let hope: { form: Form; cause: unknown } | undefined;
  const latest = now().add(BEGUN_WITHIN);
  for (const form of forms.slice(reached)) {
    if (hope && Temporal.Instant.compare(now(), latest) > 0) break;
    const failure = await say(messenger, notice, form);
    if (!failure) return { state: 'delivered', form };
    const { cause, verdict } = failure;
    error = messageOf(cause);
    if (verdict === 'never' || verdict === 'shorten') continue;
    hope ??= { form, cause };
    if (verdict === 'again' && notice.attempts <= PATIENCE) break;
  }
  const fate = hope && (await fateOf(notice, now(), toldFor));
  if (!hope || fate === 'is_given_up') return { state: 'dead', error };
  const nextAttemptAt = now().add(pauseBefore(notice, hope.cause));
  const standsAside = fate === 'stands_aside';
  return { state: 'waiting', form: hope.form, error: messageOf(hope.cause), nextAttemptAt, standsAside };
}

async function say(
  messenger: Messenger,
  notice: LeasedNotice,
  form: Form,
): Promise<{ cause: unknown; verdict: Verdict } | undefined> {
  let failure: { cause: unknown; verdict: Verdict } | undefined;
  for (const share of SHARES) {
    try {
      await messenger.say(notice, form, share);
      return undefined;
    } catch (cause) {
      failure = { cause, verdict: verdictOf(cause) };
      if (failure.verdict !== 'shorten') return failure;
    }
  }
  return failure;
}

/** As long as the platform says, and no shorter than the attempts so far ask for. */
function pauseBefore(notice: LeasedNotice, cause: unknown): Temporal.Duration {
  const growing = pauseAfter(notice.attempts);
  const asked = cause instanceof DingTalkError ? cause.retryAfter : undefined;
  return asked && Temporal.Duration.compare(asked, growing) > 0 ? asked : growing;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
