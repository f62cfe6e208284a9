import { api } from './api.js';
import { groupAvatar, robotAvatar, smallAvatar } from './avatar.js';
import { byId, element, icon } from './dom.js';
import { messageElement, readState } from './message.js';
import { busyWhile, tellError } from './notices.js';
import { onLanguageChange, quickCommands, text } from './texts.js';
import { dateAndTime, sameDay, timeOfDay } from './times.js';

const shownAtFirst = 100;
const quietMinutes = 10;
/** For so long a message that was brought into view is not scrolled away by the next ones. */
const heldFor = 2_000;

/** The open conversation: its heading, its messages as a live log, and what its buttons and links do. */
export class ConversationView {
  #state;
  #say;
  #heading = byId('conversation-heading');
  #log = byId('log');
  #scroller = byId('log-frame');
  #toNewest = byId('to-newest');
  #shown = shownAtFirst;

  /** `say(words)` sends as the chosen person to the open conversation. */
  constructor(state, say) {
    this.#state = state;
    this.#say = say;
    state.addEventListener('current', () => this.#showAnew());
    state.addEventListener('conversations', () => this.#showAnew());
    state.addEventListener('person', () => this.#showAll());
    state.addEventListener('messages', ({ detail }) => {
      if (detail.conversationId === state.current?.id) this.#showAll();
    });
    state.addEventListener('message', ({ detail }) => {
      if (detail.conversationId === state.current?.id) this.#takeOne(detail);
    });
    onLanguageChange(() => this.#showAnew());
    this.#log.addEventListener('click', (event) => this.#onClick(event));
    this.#toNewest.addEventListener('click', () => this.#scrollToNewest());
    this.#scroller.addEventListener('scroll', () => this.#onScroll(), { passive: true });
    document.addEventListener('visibilitychange', () => this.#markRead());
    new ResizeObserver(() => this.#keepPlace()).observe(this.#scroller);
  }

  #atNewest = true;
  #heldUntil = 0;

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atNewest = scrollHeight - scrollTop - clientHeight < 48;
    if (this.#atNewest) {
      this.#toNewest.hidden = true;
      this.#markRead();
    }
  }

  #keepPlace() {
    if (this.#atNewest && !this.#held) this.#scrollToNewest();
  }

  get #held() {
    return performance.now() < this.#heldUntil;
  }

  #scrollToNewest() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#atNewest = true;
    this.#toNewest.hidden = true;
    this.#markRead();
  }

  #markRead() {
    const { current } = this.#state;
    const seen = document.visibilityState === 'visible' && this.#scroller.clientHeight > 0;
    if (current && seen && this.#atNewest) this.#state.markRead(current);
  }

  #showAnew() {
    const { current } = this.#state;
    if (!current) return;
    this.#shown = shownAtFirst;
    this.#showHeading(current);
    this.#showAll();
    this.#scrollToNewest();
  }

  #showHeading(conversation) {
    const group = conversation.type === 'group';
    const title = group ? conversation.title : (this.#state.robotName ?? text('robotName'));
    const about = group
      ? text('members', { count: conversation.members.length })
      : text('directWith', { name: conversation.members[0]?.name ?? '' });
    this.#heading.replaceChildren(
      group ? groupAvatar(conversation.members) : robotAvatar(),
      element('div', { class: 'heading-words' }, element('h2', {}, title), element('p', {}, about)),
      group
        ? element(
            'div',
            { class: 'heading-people', 'aria-hidden': 'true' },
            ...conversation.members.slice(0, 6).map(smallAvatar),
          )
        : '',
    );
    this.#log.setAttribute('aria-label', text('messagesOf', { title }));
  }

  #showAll() {
    const { current } = this.#state;
    if (!current) return;
    const messages = this.#state.messagesOf(current);
    const children = [];
    if (messages.length === 0) children.push(this.#empty(current));
    const first = Math.max(0, messages.length - this.#shown);
    if (first > 0) children.push(this.#earlier());
    for (let index = first; index < messages.length; index += 1) {
      const divider = this.#divider(index > first ? messages[index - 1] : undefined, messages[index]);
      if (divider) children.push(divider);
      children.push(this.#element(messages[index]));
    }
    this.#replaceQuietly(children);
    this.#keepPlace();
  }

  /** Another view of what was said is not news: screen readers are to speak of new messages only. */
  #replaceQuietly(children) {
    this.#log.setAttribute('aria-live', 'off');
    this.#log.replaceChildren(...children);
    requestAnimationFrame(() => this.#log.setAttribute('aria-live', 'polite'));
  }

  /** A message that somebody has only read is not news. */
  #takeOne({ message, before, isNew }) {
    if (before?.revision === message.revision && before.recalled === message.recalled) {
      const { current } = this.#state;
      const person = this.#state.personIn(current);
      const shown = this.#shownElement(message.id)?.querySelector('.read-state');
      shown?.replaceWith(readState(message, current, person?.userId) ?? '');
    } else {
      this.#showOne(message, isNew);
    }
  }

  #shownElement(id) {
    return [...this.#log.children].find((child) => child.dataset.id === id);
  }

  /** Brings a message into view and marks it for a moment; a conversation that is not open is opened. */
  reveal({ conversationId, id }) {
    if (this.#state.current?.id !== conversationId) this.#state.open(conversationId);
    const shown = this.#shownElement(id);
    if (!shown) return;
    this.#log.querySelector('.message-found')?.classList.remove('message-found');
    shown.classList.remove('message-changed', 'message-new');
    const fits = shown.offsetHeight < this.#scroller.clientHeight;
    shown.scrollIntoView({ block: fits ? 'center' : 'start' });
    this.#heldUntil = performance.now() + heldFor;
    shown.classList.add('message-found');
  }

  /** The button of a shown message, or undefined. */
  buttonOf({ conversationId, id }, label) {
    this.reveal({ conversationId, id });
    const buttons = [...(this.#shownElement(id)?.querySelectorAll('button[data-action]') ?? [])];
    return buttons.find((button) => !button.disabled && label.test(button.textContent));
  }

  #showOne(message, isNew) {
    const { current } = this.#state;
    const visible = this.#state.messagesOf(current);
    const place = visible.findIndex(({ id }) => id === message.id);
    const shown = this.#shownElement(message.id);
    if (place === -1) {
      shown?.remove();
      return;
    }
    const next = this.#element(message);
    if (shown) {
      next.classList.add('message-changed');
      const focused = shown.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
      shown.replaceWith(next);
      if (focused) next.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus();
    } else if (isNew && place === visible.length - 1) {
      this.#log.querySelector('.empty')?.remove();
      next.classList.add('message-new');
      const divider = this.#divider(visible[place - 1], message);
      this.#log.append(...(divider ? [divider] : []), next);
    } else {
      this.#showAll();
    }
    const own = message.from === this.#state.personIn(current)?.userId;
    if (own || (this.#atNewest && !this.#held)) {
      this.#scrollToNewest();
    } else if (isNew) {
      this.#atNewest = false;
      this.#toNewest.hidden = false;
    }
  }

  #element(message) {
    const { current } = this.#state;
    const names = new Map(current.members.map(({ userId, name }) => [userId, name]));
    names.set('bot', this.#state.robotName ?? text('robotName'));
    return messageElement(message, {
      conversation: current,
      personId: this.#state.personIn(current)?.userId,
      names,
    });
  }

  #divider(before, message) {
    const at = new Date(message.at);
    if (before !== undefined) {
      const previous = new Date(before.at);
      if (sameDay(previous, at) && Math.abs(at - previous) < quietMinutes * 60_000) return null;
      if (sameDay(previous, at)) return element('p', { class: 'divider' }, timeOfDay(at));
    }
    return element('p', { class: 'divider' }, dateAndTime(at));
  }

  #earlier() {
    const button = element('button', { type: 'button', class: 'earlier' }, text('earlier'));
    button.addEventListener('click', () => {
      const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
      this.#atNewest = false;
      this.#shown += shownAtFirst * 2;
      this.#showAll();
      this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    });
    return button;
  }

  #empty(conversation) {
    const group = conversation.type === 'group';
    const hint = group
      ? text('noMessagesInGroup')
      : text('noMessagesInDirect', { name: conversation.members[0]?.name ?? '' });
    return element(
      'div',
      { class: 'empty' },
      icon('chat'),
      element('h3', {}, text('noMessages')),
      element('p', {}, hint),
      element(
        'p',
        { class: 'empty-try' },
        `${text('tryThis')} `,
        ...quickCommands()
          .slice(0, 2)
          .map((words) => element('button', { type: 'button', class: 'chip', 'data-send': words }, words)),
      ),
    );
  }

  async #onClick(event) {
    const sends = event.target.closest('[data-send]');
    if (sends) {
      await busyWhile(sends, () => this.#say(sends.dataset.send));
      return;
    }
    const button = event.target.closest('[data-action]');
    if (!button || button.disabled) return;
    const { current } = this.#state;
    const id = button.closest('[data-id]')?.dataset.id;
    const message = this.#state.messagesOf(current).find((candidate) => candidate.id === id);
    if (!message) return;
    await busyWhile(button, () => this.#press(message, button.dataset.action));
  }

  async #press(message, actionId) {
    const person = this.#state.personIn(this.#state.current);
    const answer = await api.click(message.outTrackId, person.userId, actionId);
    if (!answer.acknowledged) tellError(text('callbackFailed'));
    else if (answer.problem) tellError(text('callbackProblem', { problem: answer.problem }));
  }
}
