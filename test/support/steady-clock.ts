import { OffsetClock } from '../../src/clock.ts';

/**
 * A clock at the machine's pace on which it is noon of the tenth in Shanghai, some time next month: whenever a test runs, no day or month ends
 * meanwhile, no daily job is due again, and the bill of the month before is due.
 */
export function steadyClock(): OffsetClock {
  const clock = new OffsetClock();
  const today = clock.now().toZonedDateTimeISO('Asia/Shanghai').toPlainDate();
  const tenth = today.add({ months: 1 }).with({ day: 10 });
  clock.jumpTo(tenth.toZonedDateTime({ timeZone: 'Asia/Shanghai', plainTime: '12:00' }).toInstant());
  return clock;
}
