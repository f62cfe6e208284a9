import { z } from 'zod';
import type { SandboxClock } from './backend.ts';
import { SandboxError } from './errors.ts';

/** The calendar whose months end. */
const TIME_ZONE = 'Asia/Shanghai';

/** What `POST /api/clock/advance` takes: a duration, or where to. */
export const advanceBody = z
  .strictObject({ by: z.string().optional(), to: z.enum(['next', 'month-end']).optional() })
  .refine(({ by, to }) => (by === undefined) !== (to === undefined), {
    error: 'give either `by`, a duration, or `to`: next or month-end',
  });

/**
 * The ISO 8601 duration by which the clock has to move. Throws a `SandboxError` where that is no way forward.
 * @param nextEventAt when something is due next: an ISO 8601 instant, or null
 */
export async function durationOf(
  move: z.infer<typeof advanceBody>,
  clock: SandboxClock,
  nextEventAt: () => Promise<string | null>,
): Promise<string> {
  if (move.to === undefined) return forwardDuration(move.by ?? '');
  if (move.to === 'month-end') {
    const today = Temporal.Instant.fromEpochMilliseconds(clock.now()).toZonedDateTimeISO(TIME_ZONE);
    return until(clock, today.with({ day: 1 }).startOfDay().add('P1M').epochMilliseconds);
  }
  const next = await nextEventAt();
  if (next === null)
    throw new SandboxError(
      409,
      'nothing_due',
      { english: 'Nothing is due: there is no next event.', chinese: '没有到期的事：之后没有要发生的事件。' },
      'to',
    );
  return until(clock, Math.ceil(Number(Temporal.Instant.from(next).epochNanoseconds) / 1e6));
}

/** The duration from now to this instant in epoch milliseconds. What is due already is done by the smallest move. */
function until(clock: SandboxClock, target: number): string {
  return Temporal.Duration.from({ milliseconds: Math.max(1, target - clock.now()) }).toString();
}

/** A move runs all that is due in between, so one without an end would keep the sandbox busy for as long. */
const LONGEST_MOVE_DAYS = 731;

/** The duration as it was given, if it is one that moves the clock forward, by two years at most. */
function forwardDuration(by: string): string {
  let days = 0;
  try {
    days = Temporal.Duration.from(by).total({ unit: 'days', relativeTo: Temporal.PlainDate.from('2028-01-01') });
  } catch {
    // Answered below, as a duration that does not move the clock is.
  }
  if (days > 0 && days <= LONGEST_MOVE_DAYS) return by;
  throw new SandboxError(
    400,
    'invalid_duration',
    {
      english: 'Give an ISO 8601 duration that moves the clock forward by at most two years, e.g. PT2H or P1D.',
      chinese: '请给出 ISO 8601 时长，让时钟向前走，最多两年，例如 PT2H 或 P1D。',
    },
    'by',
  );
}
