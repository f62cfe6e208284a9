import { api } from './api.js';
import { byId } from './dom.js';
import { busyWhile, tellDone } from './notices.js';
import { onLanguageChange, text } from './texts.js';
import { dateAndTime, longDate, shortDate, timeOfDay, timeWithSeconds } from './times.js';

const durationPattern =
  /^P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/i;
const askAgainAfter = 60_000;

/** Shows the sandbox's time, which runs at the machine's pace, and moves it forward. */
export class ClockControl {
  #ahead;
  #section = byId('clock');
  #duration = byId('duration');

  constructor() {
    setInterval(() => this.#show(), 1_000);
    setInterval(() => this.refresh().catch(() => {}), askAgainAfter);
    onLanguageChange(() => this.#show());
    for (const button of this.#section.querySelectorAll('[data-by], [data-to]')) {
      const { by, to } = button.dataset;
      button.addEventListener('click', () => this.#move(to ? { to } : { by }));
    }
    byId('duration-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const by = this.#duration.value.trim().toUpperCase();
      this.#duration.setCustomValidity(durationPattern.test(by) ? '' : text('durationBad'));
      if (this.#duration.reportValidity()) this.#move({ by });
    });
    this.#duration.addEventListener('input', () => this.#duration.setCustomValidity(''));
  }

  /** The sandbox's time, or undefined while it is not known. */
  now() {
    return this.#ahead === undefined ? undefined : new Date(Date.now() + this.#ahead);
  }

  /** Takes the sandbox's time (ISO 8601) as the current one. */
  set(now) {
    this.#ahead = Date.parse(now) - Date.now();
    this.#show();
  }

  async refresh() {
    this.set((await api.clock()).now);
  }

  /** Moves the clock; see `api.advanceClock`. */
  async advance(move) {
    byId('clock-state').textContent = text('advancing');
    try {
      const { now } = await api.advanceClock(move);
      this.set(now);
      tellDone(text('advanced', { time: dateAndTime(new Date(now)) }));
    } finally {
      byId('clock-state').textContent = '';
    }
  }

  #move(move) {
    return busyWhile(this.#section, () => this.advance(move));
  }

  #show() {
    const now = this.now();
    if (now === undefined) return;
    byId('clock-time').textContent = timeWithSeconds(now);
    byId('clock-date').textContent = longDate(now);
    byId('header-clock').textContent = `${shortDate(now)} ${timeOfDay(now)}`;
    byId('header-clock').setAttribute('datetime', now.toISOString());
    this.#section.dataset.now = now.toISOString();
  }
}
