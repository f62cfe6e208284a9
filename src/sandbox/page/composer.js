import { smallAvatar } from './avatar.js';
import { byId, element } from './dom.js';
import { busyWhile } from './notices.js';
import { onLanguageChange, quickCommands, text } from './texts.js';

/** The box to type in, the choice of who is typing, and the quick commands. */
export class Composer {
  #state;
  #say;
  #form = byId('composer');
  #box = byId('message-box');
  #people = byId('people');
  #drafts = new Map();
  #draftOf;

  /** `say(words)` sends as the chosen person to the open conversation, and throws when it could not. */
  constructor(state, say) {
    this.#state = state;
    this.#say = say;
    for (const type of ['conversations', 'current', 'person', 'messages'])
      state.addEventListener(type, () => this.#show());
    onLanguageChange(() => this.#show());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#box.addEventListener('keydown', (event) => {
      // A return that ends the input method's composition chooses a word; it does not send.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.#people.addEventListener('change', (event) => {
      state.become(event.target.value);
    });
    byId('quick-commands').addEventListener('click', (event) => {
      const chip = event.target.closest('[data-send]');
      if (chip) busyWhile(chip, () => this.#say(chip.dataset.send));
    });
  }

  focus() {
    this.#box.focus();
  }

  async #submit() {
    const words = this.#box.value.trim();
    if (words === '' || !this.#state.current) return;
    const sent = await busyWhile(this.#form, () => this.#say(words));
    // What was typed stays in the box when it could not be sent.
    if (sent && this.#box.value.trim() === words) this.#box.value = '';
  }

  #show() {
    const { current } = this.#state;
    if (!current) return;
    this.#swapDrafts(current.id);
    this.#showPeople(current);
    byId('robot-mention').hidden = current.type !== 'group';
    byId('robot-mention').textContent = `@${this.#state.robotName ?? text('robotName')}`;
    byId('quick-commands').replaceChildren(
      ...quickCommands().map((words) =>
        element('button', { type: 'button', class: 'chip', 'data-send': words }, words),
      ),
    );
  }

  #swapDrafts(conversationId) {
    if (this.#draftOf === conversationId) return;
    if (this.#draftOf !== undefined) this.#drafts.set(this.#draftOf, this.#box.value);
    this.#box.value = this.#drafts.get(conversationId) ?? '';
    this.#draftOf = conversationId;
  }

  #showPeople(conversation) {
    const chosen = this.#state.personIn(conversation);
    const focused = this.#people.contains(document.activeElement);
    const choices = conversation.members.map((person) =>
      element(
        'label',
        { class: 'person' },
        element('input', {
          type: 'radio',
          name: 'person',
          value: person.userId,
          checked: person.userId === chosen?.userId,
        }),
        smallAvatar(person),
        element('span', { class: 'person-name' }, person.name),
        person.role === 'member' ? null : element('span', { class: `tag tag-${person.role}` }, text(person.role)),
      ),
    );
    this.#people.replaceChildren(...choices);
    if (focused) this.#people.querySelector('input:checked')?.focus();
  }
}
