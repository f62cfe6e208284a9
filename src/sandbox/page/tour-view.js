import { byId, element } from './dom.js';
import { busyWhile, tellError } from './notices.js';
import { onLanguageChange, text } from './texts.js';
import { story } from './tour-story.js';

/** The tour above the chat, and its outline at the left. It is there only where there is a service to see at work. */
export class TourView {
  #tour;
  #account;
  #progress = null;
  #card = byId('tour');

  /** `account()` is the state of the account that the story is about, or undefined. */
  constructor(tour, account, reveal) {
    this.#tour = tour;
    this.#account = account;
    tour.addEventListener('change', () => this.show());
    onLanguageChange(() => this.show());
    byId('tour-act').addEventListener('click', () => this.#act());
    byId('tour-skip').addEventListener('click', () => tour.skip());
    byId('tour-leave').addEventListener('click', () => this.#leave());
    byId('tour-seen-link').addEventListener('click', () => reveal(tour.seen));
    for (const id of ['tour-open', 'tour-toggle']) {
      byId(id).addEventListener('click', async (event) => {
        if (await busyWhile(event.currentTarget, () => tour.start(this.#account()))) byId('tour-act').focus();
      });
    }
  }

  /** How many of a burst have been sent (`{done, count}`), or null when none is running. */
  setProgress(progress) {
    this.#progress = progress;
    if (this.#tour.open) this.#showWaiting();
  }

  show() {
    const tour = this.#tour;
    const there = this.#account() !== undefined;
    byId('tour-outline').hidden = !there;
    byId('tour-open').hidden = !there || tour.open;
    this.#card.hidden = !there || !tour.open;
    this.#showOutline();
    if (!this.#card.hidden) this.#showCard();
  }

  #showOutline() {
    const tour = this.#tour;
    byId('tour-steps').replaceChildren(
      ...story.map(({ key }, number) => {
        const place = number < tour.step ? 'done' : number === tour.step && tour.started ? 'now' : null;
        return element(
          'li',
          { class: place ? `tour-${place}` : null, 'aria-current': place === 'now' ? 'step' : null },
          text(`tour_${key}`),
          place === 'done' ? element('span', { class: 'out-of-sight' }, ` (${text('tourState_done')})`) : null,
        );
      }),
    );
    const button = byId('tour-toggle');
    button.hidden = tour.open && !tour.finished;
    button.textContent = tour.finished
      ? text('tourAgain')
      : tour.started
        ? text('tourResume', { step: tour.step + 1 })
        : text('tourStart');
  }

  #showCard() {
    const { step, finished, seen, phase } = this.#tour;
    const { key } = this.#tour.current ?? {};
    const amounts = this.#amounts();
    say('tour-place', finished ? text('tourDonePlace') : text('tourPlace', { step: step + 1, steps: story.length }));
    byId('tour-dots').replaceChildren(
      ...story.map((_step, number) => element('i', { class: number < step ? 'done' : number === step ? 'now' : null })),
    );
    byId('tour-seen').hidden = seen === null;
    if (seen) say('tour-seen-link', text('tourSeen', { title: seen.title }));
    say('tour-step-title', finished ? text('tourEnd') : text(`tour_${key}`));
    say('tour-look', finished ? text('tourEndLook') : text(`tourLook_${key}`, amounts));
    say('tour-act', finished ? text('tourClose') : text(`tourAct_${key}`, amounts));
    byId('tour-act').setAttribute('aria-busy', String(phase !== 'idle'));
    byId('tour-skip').hidden = finished;
    byId('tour-leave').hidden = finished;
    this.#showWaiting();
  }

  #showWaiting() {
    const { phase, late } = this.#tour;
    const words =
      phase === 'idle'
        ? late
          ? text('tourLate')
          : ''
        : this.#progress && this.#progress.count < 1_000_000
          ? text('tourSending', this.#progress)
          : text('tourWaiting');
    say('tour-waiting', words);
  }

  #amounts() {
    return this.#tour.current?.amounts?.(this.#account()) ?? {};
  }

  #act() {
    const tour = this.#tour;
    if (tour.finished) this.#leave();
    else if (tour.phase === 'idle') tour.act(this.#amounts()).catch(tellError);
  }

  #leave() {
    this.#tour.leave();
    byId('tour-open').focus();
  }
}

/** Words that have not changed are left alone: they would be spoken again. */
function say(id, words) {
  const node = byId(id);
  if (node.textContent !== words) node.textContent = words;
}
