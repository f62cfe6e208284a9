import { currentLanguage } from './texts.js';

/** Everything is shown in the time of the sandbox's company, so that a screen looks the same wherever it is opened. */
const timeZone = 'Asia/Shanghai';

function format(date, options) {
  return new Intl.DateTimeFormat(currentLanguage(), { timeZone, hourCycle: 'h23', ...options }).format(date);
}

/** `09:41` */
export function timeOfDay(date) {
  return format(date, { hour: '2-digit', minute: '2-digit' });
}

/** `09:41:07` */
export function timeWithSeconds(date) {
  return format(date, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** `11月23日周一`, `Mon, Nov 23` */
export function shortDate(date) {
  return format(date, { month: 'short', day: 'numeric', weekday: 'short' });
}

/** `11月23日`, `Nov 23` */
export function monthAndDay(date) {
  return format(date, { month: 'short', day: 'numeric' });
}

/** `2026年11月23日星期一`, `Monday, November 23, 2026` */
export function longDate(date) {
  return format(date, { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' });
}

/** `2026年11月23日`, `November 23, 2026` */
export function fullDate(date) {
  return format(date, { dateStyle: 'long' });
}

/** `2026年11月23日 09:41` */
export function dateAndTime(date) {
  return format(date, { dateStyle: 'long', timeStyle: 'short' });
}

/** Whether both fall on the same day of the sandbox's company. */
export function sameDay(one, other) {
  return dayOf(one) === dayOf(other);
}

function dayOf(date) {
  return new Intl.DateTimeFormat('en-CA', { timeZone }).format(date);
}
