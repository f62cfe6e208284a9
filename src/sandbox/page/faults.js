import { api } from './api.js';
import { byId, element } from './dom.js';
import { busyWhile, tellDone } from './notices.js';
import { hasText, onLanguageChange, text } from './texts.js';

/** What the page offers to let go wrong, and what each asks of the sandbox; see ../README.md for the whole list. */
const offered = [
  { key: 'refuse', fault: { fault: 'refuse' }, times: 3 },
  { key: 'throttle', fault: { fault: 'throttle' }, times: 3 },
  { key: 'hang', fault: { fault: 'hang' }, times: 1 },
  { key: 'garbage', fault: { fault: 'garbage-answer' }, times: 1 },
  { key: 'drop', fault: { fault: 'drop', when: 'after' }, times: 1 },
  { key: 'silence', fault: { fault: 'silence' } },
  { key: 'disconnect', fault: { fault: 'disconnect' } },
  { key: 'kill', fault: { fault: 'kill' } },
  { key: 'repeat', fault: { fault: 'repeat', next: 1 } },
  { key: 'reorder', fault: { fault: 'reorder' } },
  { key: 'token', fault: { fault: 'expire-token' } },
  { key: 'quota', fault: { fault: 'exhaust-quota' } },
];

/** Lets DingTalk go wrong on demand, and shows what is armed. */
export class FaultControl {
  #armed = [];
  #select = byId('fault');
  #form = byId('fault-form');

  constructor() {
    this.#select.addEventListener('change', () => this.#showHint());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      busyWhile(this.#form, () => this.#arm());
    });
    byId('faults-clear').addEventListener('click', (event) =>
      busyWhile(event.currentTarget, async () => {
        this.set((await api.clearFaults()).faults);
        tellDone(text('faultsCleared'));
      }),
    );
    onLanguageChange(() => this.#show());
    this.#show();
  }

  /** Takes what is armed now. */
  set(armed) {
    this.#armed = armed;
    this.#showArmed();
  }

  async refresh() {
    this.set((await api.faults()).faults);
  }

  async #arm() {
    const { key, fault, times } = offered.find((one) => one.key === this.#select.value);
    this.set((await api.arm(times === undefined ? fault : { ...fault, times })).faults);
    tellDone(text('faultArmed', { fault: text(`fault_${key}`) }));
  }

  #show() {
    const chosen = this.#select.value || offered[0].key;
    this.#select.replaceChildren(
      ...offered.map(({ key }) => element('option', { value: key, selected: key === chosen }, text(`fault_${key}`))),
    );
    this.#showHint();
    this.#showArmed();
  }

  #showHint() {
    byId('fault-hint').textContent = text(`faultHint_${this.#select.value}`);
  }

  #showArmed() {
    const armed = this.#armed;
    byId('faults-count').hidden = armed.length === 0;
    byId('faults-count').textContent = text('armedCount', { count: armed.length });
    byId('faults-clear').hidden = armed.length === 0;
    byId('faults-armed').replaceChildren(
      ...armed.map((one) => element('li', { class: 'badge badge-warn' }, words(one))),
    );
    byId('faults-none').hidden = armed.length > 0;
  }
}

function words({ fault, left }) {
  const { key } = offered.find((one) => one.fault.fault === fault) ?? {};
  const name = key && hasText(`fault_${key}`) ? text(`fault_${key}`) : fault;
  return left === undefined ? name : text('faultLeft', { fault: name, left });
}
