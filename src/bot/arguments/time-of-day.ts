import { tidy } from './fold.ts';

const TIME =
  '(?:(早上|上午|中午|下午|晚上|凌晨) ?)?(\\d{1,2})(?:[:.：](\\d{2})|[点时](?:(半)|(\\d{1,2})分?)?|)(?: ?(am|pm))?';
const ONE = new RegExp(`^${TIME}$`, 'u');
const TWO = new RegExp(`^(?:从|from )? ?(${TIME}) ?(?:-|–|—|~|至|到|to|until|till) ?(?:第二天|次日)? ?(${TIME})$`, 'u');
const AFTERNOON = ['下午', '晚上', 'pm'];

/**
 * A time of day as `HH:MM`: `9:00`, `09:00`, `9点`, `9点半`, `下午6点`, `9am`, `18`. Undefined for everything else, `25:00` and `9:60` among it.
 */
export function timeOfDayOf(text: string): string | undefined {
  const match = ONE.exec(tidy(text));
  if (!match) return undefined;
  const [, part = '', hourText = '', minuteText, half, minutesAfter, suffix = ''] = match;
  let hour = Number(hourText);
  const minute = half === undefined ? Number(minuteText ?? minutesAfter ?? '0') : 30;
  const isTwelve = part !== '' || suffix !== '';
  if (isTwelve && (hour === 0 || hour > 12) && AFTERNOON.includes(part || suffix)) return undefined;
  if (AFTERNOON.includes(part || suffix) && hour < 12) hour += 12;
  if (suffix === 'am' && hour === 12) hour = 0;
  if (hour > 23 || minute > 59) return undefined;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** Two times of day as `HH:MM-HH:MM`: `22:00-08:00`, `22点到8点`, `22-8`, `10pm to 8am`. Undefined for everything else. */
export function hoursBetweenOf(text: string): string | undefined {
  const match = TWO.exec(tidy(text));
  const from = match?.[1];
  const until = match?.[8];
  if (from === undefined || until === undefined) return undefined;
  const [begins, ends] = [timeOfDayOf(from), timeOfDayOf(until)];
  return begins === undefined || ends === undefined ? undefined : `${begins}-${ends}`;
}
