import { personAvatar } from './avatar.js';
import { byId, element, oncePerFrame } from './dom.js';
import { onLanguageChange, text } from './texts.js';

/** Everybody at the top of the left panel, with what they have not read: choosing one shows the chats as this person has them. */
export class PeopleStrip {
  #state;
  #list = byId('people-strip');

  constructor(state) {
    this.#state = state;
    const show = oncePerFrame(() => this.#show());
    for (const type of ['conversations', 'person', 'message', 'messages', 'read']) {
      state.addEventListener(type, show);
    }
    onLanguageChange(show);
    this.#list.addEventListener('click', (event) => {
      const chosen = event.target.closest('[data-person]');
      if (chosen) state.become(chosen.dataset.person);
    });
  }

  #show() {
    const focused = document.activeElement?.dataset?.person;
    this.#list.replaceChildren(...this.#state.people.map((person) => element('li', {}, this.#button(person))));
    if (focused) this.#list.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
  }

  #button(person) {
    const state = this.#state;
    const unread = state
      .conversationsOf(person)
      .reduce((sum, conversation) => sum + state.unreadIn(conversation, person), 0);
    const role = person.role === 'member' ? null : text(person.role);
    const mark = unread > 99 ? '99+' : String(unread);
    return element(
      'button',
      {
        type: 'button',
        class: 'person-button',
        'data-person': person.userId,
        'aria-pressed': String(person.userId === state.person?.userId),
        title: role,
      },
      personAvatar(person),
      element('span', { class: 'person-button-name' }, person.name),
      role ? element('span', { class: 'out-of-sight' }, role) : null,
      unread > 0
        ? element('span', { class: 'unread', role: 'img', 'aria-label': text('unread', { count: unread }) }, mark)
        : null,
    );
  }
}
