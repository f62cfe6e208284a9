import { api } from './api.js';

const afterChange = 400;
const atMostEvery = 1_000;
const atLeastEvery = 15_000;

/**
 * What cannot be seen in a chat: accounts, notices, the next event. It tells `change` when it has been fetched: a moment after something
 * happened, and slowly by itself; one fetch at a time. Without a service `view` stays null.
 */
export class World extends EventTarget {
  /** What `GET /api/world` answered last, or null. */
  view = null;
  #timer;
  #fetching = false;
  #again = false;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #report;

  /** `report(error)` is told what went wrong, other than that there is no service. */
  constructor(report) {
    super();
    this.#report = report;
    setInterval(() => {
      if (document.visibilityState === 'visible') this.refresh();
    }, atLeastEvery);
  }

  /** Something happened; what it changed will be fetched in a moment. */
  changed() {
    const wait = Math.max(afterChange, this.#fetchedAt + atMostEvery - performance.now());
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.refresh();
    }, wait);
  }

  async refresh() {
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    this.#fetching = true;
    try {
      this.view = await api.world();
    } catch (error) {
      if (error.code === 'no_service') this.view = null;
      else if (error.code !== 'unreachable') this.#report(error);
    } finally {
      this.#fetching = false;
      this.#fetchedAt = performance.now();
    }
    this.dispatchEvent(new CustomEvent('change'));
    if (this.#again) {
      this.#again = false;
      this.changed();
    }
  }
}
