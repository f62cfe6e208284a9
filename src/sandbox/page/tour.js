import { firstStep, story } from './tour-story.js';

const storageKey = 'sandbox.tour';
const lateAfter = 20_000;

/**
 * The tour: where one is in the story, what was seen, what is awaited. It tells `change`. Left, it keeps its place, also over a reload;
 * what it waits for is a message of the bot, newer than the one that ended the step before.
 */
export class Tour extends EventTarget {
  /** `idle` (the button can be pressed), `acting` (what the button does is under way) or `waiting` (for the message). */
  phase = 'idle';
  /** Nothing came in time. */
  late = false;
  /** The step's number from 0; the story's length when it is told. */
  step = 0;
  open = false;
  started = false;
  /** The message that ended the step before: `{conversationId, id, title}`, or null. */
  seen = null;
  #after = 0;
  #began = 0;
  #does;
  #lateTimer;

  /**
   * `does` is what a step's button can do with the page's own controls: `send({count, rate, segments})`, `stopSending()`,
   * `ask(command)`, `press(title, label, after)` (a card's button), `recharge(amount)`, `dayLater()`. Beside that `begin({anew})` opens
   * the story's group, `messages()` are those of that group, and `reveal(message)` brings one into view.
   */
  constructor(state, does) {
    super();
    this.#does = does;
    this.#recall();
    for (const type of ['message', 'messages']) state.addEventListener(type, () => this.#look());
  }

  get current() {
    return story[this.step];
  }

  get finished() {
    return this.step >= story.length;
  }

  /**
   * Begins, goes on, or begins anew when the story is told: then a day later, for the account's guards allow a few renewals a day. On an
   * account that is overdue already it begins with the recharge. Throws what went wrong on the way.
   */
  async start(account) {
    const anew = !this.started || this.finished;
    this.#does.begin({ anew });
    if (this.finished) await this.#does.dayLater();
    if (anew) {
      this.step = firstStep(account);
      this.seen = null;
      this.#began = this.#newest();
      this.#after = this.#began;
    }
    this.started = true;
    this.open = true;
    this.#keep();
    this.#look();
  }

  leave() {
    this.open = false;
    this.#keep();
  }

  skip() {
    this.#does.stopSending();
    this.#goOn(null);
  }

  /** Does what the step's button says; throws what went wrong on the way. */
  async act(amounts) {
    const step = this.current;
    this.#become('acting');
    try {
      await step.act(this.#does, amounts, this.#began);
      if (this.current === step && this.phase === 'acting') this.#become('waiting');
    } catch (error) {
      if (this.current === step) this.#become('idle');
      throw error;
    }
  }

  #become(phase) {
    this.phase = phase;
    this.late = false;
    clearTimeout(this.#lateTimer);
    if (phase === 'waiting') {
      this.#lateTimer = setTimeout(() => {
        this.phase = 'idle';
        this.late = true;
        this.#tell();
      }, lateAfter);
    }
    this.#tell();
  }

  /** Looks for the awaited message. */
  #look() {
    if (!this.open || this.finished) return;
    const found = this.#does
      .messages()
      .find(({ seq, from, title }) => seq > this.#after && from === 'bot' && this.current.awaits.test(title ?? ''));
    if (!found) return;
    this.#does.stopSending();
    this.#goOn(found);
  }

  #goOn(message) {
    this.step += 1;
    if (message) {
      this.seen = { conversationId: message.conversationId, id: message.id, title: message.title };
      this.#after = message.seq;
    } else {
      this.seen = null;
    }
    this.#become('idle');
    this.#keep();
    if (message) this.#does.reveal(this.seen);
  }

  #newest() {
    return this.#does.messages().at(-1)?.seq ?? 0;
  }

  #recall() {
    try {
      const { step, open, started, seen, after, began } = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
      Object.assign(this, { step: step ?? 0, open: open ?? false, started: started ?? false, seen: seen ?? null });
      this.#after = after ?? 0;
      this.#began = began ?? 0;
    } catch {
      // What is kept cannot be read: the tour begins anew.
    }
  }

  #keep() {
    const { step, open, started, seen } = this;
    localStorage.setItem(
      storageKey,
      JSON.stringify({ step, open, started, seen, after: this.#after, began: this.#began }),
    );
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new CustomEvent('change'));
  }
}
