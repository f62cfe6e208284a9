import { groupAvatar, robotAvatar } from './avatar.js';
import { byId, element, oncePerFrame } from './dom.js';
import { plainText } from './markdown.js';
import { onLanguageChange, text } from './texts.js';
import { monthAndDay, sameDay, timeOfDay } from './times.js';

/** The chosen person's conversations: groups, then the one with the bot, with previews and unread marks. */
export class ConversationList {
  #state;
  #open;
  #list = byId('conversation-list');
  #now;

  /** `open(id)` shows a conversation; `now()` is the sandbox's time, or undefined while it is not known. */
  constructor(state, open, now) {
    this.#state = state;
    this.#open = open;
    this.#now = now;
    const show = oncePerFrame(() => this.#show());
    for (const type of ['conversations', 'current', 'person', 'message', 'messages', 'read']) {
      state.addEventListener(type, show);
    }
    onLanguageChange(show);
    this.#list.addEventListener('click', (event) => {
      const item = event.target.closest('[data-conversation]');
      if (item) this.#open(item.dataset.conversation);
    });
  }

  #show() {
    const focused = document.activeElement?.dataset?.conversation;
    const conversations = this.#state.conversationsOf(this.#state.person);
    const groups = conversations.filter(({ type }) => type === 'group');
    const directs = conversations.filter(({ type }) => type !== 'group');
    const title = text('conversationsOf', { name: this.#state.person?.name ?? '' });
    this.#list.replaceChildren(
      element('h2', { class: 'list-heading', id: 'conversations-title' }, title),
      element(
        'ul',
        { 'aria-labelledby': 'conversations-title' },
        ...[...groups, ...directs].map((conversation) => this.#item(conversation)),
      ),
    );
    if (focused) this.#list.querySelector(`[data-conversation="${CSS.escape(focused)}"]`)?.focus();
    const unread = conversations.reduce((sum, conversation) => sum + this.#state.unreadIn(conversation), 0);
    const mark = byId('unread-total');
    mark.textContent = unread > 99 ? '99+' : String(unread);
    mark.hidden = unread === 0;
  }

  #item(conversation) {
    const group = conversation.type === 'group';
    const newest = this.#state.messagesOf(conversation).at(-1);
    const unread = this.#state.unreadIn(conversation);
    const button = element(
      'button',
      {
        type: 'button',
        class: 'conversation-item',
        'data-conversation': conversation.id,
        'aria-current': this.#state.current?.id === conversation.id ? 'true' : null,
      },
      group ? groupAvatar(conversation.members) : robotAvatar(),
      element(
        'span',
        { class: 'item-words' },
        element(
          'span',
          { class: 'item-title' },
          element(
            'span',
            { class: 'item-name' },
            group ? conversation.title : (this.#state.robotName ?? text('robotName')),
          ),
          group ? null : element('span', { class: 'tag tag-robot' }, text('robot')),
          newest ? element('time', { datetime: newest.at }, this.#when(new Date(newest.at))) : null,
        ),
        element(
          'span',
          { class: 'item-preview' },
          element('span', { class: 'preview-words' }, newest ? preview(newest, group) : text('noMessages')),
          unread > 0
            ? element(
                'span',
                { class: 'unread', role: 'img', 'aria-label': text('unread', { count: unread }) },
                unread > 99 ? '99+' : unread,
              )
            : null,
        ),
      ),
    );
    return element('li', {}, button);
  }

  #when(at) {
    const now = this.#now();
    return now === undefined || sameDay(at, now) ? timeOfDay(at) : monthAndDay(at);
  }
}

/** As in DingTalk, the title of a card or markdown message stands for it. */
function preview(message, withAuthor) {
  const words = message.kind === 'image' ? `[${text('picture')}]` : message.title || plainText(message.text ?? '');
  return withAuthor && message.fromName ? `${message.fromName}: ${words}` : words;
}
