import { personAvatar, robotAvatar } from './avatar.js';
import { element, icon } from './dom.js';
import { linkTarget } from './links.js';
import { isOwnPicture, renderText } from './markdown.js';
import { text } from './texts.js';
import { timeOfDay } from './times.js';

const buttonStyles = ['blue', 'red', 'green', 'orange', 'gray'];

/**
 * What a message's element needs to know of its surroundings.
 * @typedef {object} Scene
 * @property {{id: string, type: string, members: {userId: string, name: string, role: string}[]}} conversation
 * @property {string | undefined} personId who looks at it
 * @property {Map<string, string>} names by user id, the bot's among them
 */

/** The element of one message: bubble, card or picture, with its author. */
export function messageElement(message, /** @type {Scene} */ scene) {
  const fromRobot = message.from === 'bot';
  const own = message.from === scene.personId;
  const author = scene.conversation.members.find(({ userId }) => userId === message.from);
  const name = message.fromName || author?.name || (fromRobot ? text('robotName') : message.from);
  const kind = fromRobot ? 'robot' : own ? 'own' : 'other';
  return element(
    'article',
    { class: `message message-${kind}`, 'data-id': message.id, 'data-from': message.from, 'aria-label': name },
    fromRobot ? robotAvatar() : personAvatar({ userId: message.from, name }),
    element(
      'div',
      { class: 'message-body' },
      byline(message, name, fromRobot, author),
      content(message, scene, fromRobot),
      footnote(message, scene),
      readState(message, scene.conversation, scene.personId),
    ),
  );
}

function byline(message, name, fromRobot, author) {
  const at = new Date(message.at);
  const tag = fromRobot
    ? element('span', { class: 'tag tag-robot' }, text('robot'))
    : author && author.role !== 'member'
      ? element('span', { class: `tag tag-${author.role === 'admin' ? 'admin' : 'outsider'}` }, text(author.role))
      : null;
  return element(
    'header',
    { class: 'byline' },
    element('span', { class: 'author' }, name),
    tag,
    element('time', { datetime: message.at }, timeOfDay(at)),
  );
}

function content(message, scene, fromRobot) {
  if (message.kind === 'image') return picture(message);
  const markdown = message.kind !== 'text';
  const words = element('div', { class: markdown ? 'markdown' : 'plain' });
  words.append(renderText(message.text ?? '', { markdown: markdown && fromRobot, names: scene.names }));
  if (message.kind === 'card') return card(message, words, scene);
  if (['actionCard', 'link', 'feedCard'].includes(message.kind)) return actionCard(message, words);
  return element('div', { class: 'bubble' }, words);
}

function card(message, words, scene) {
  return element(
    'div',
    { class: 'card', 'data-out-track-id': message.outTrackId },
    cardMentions(message, scene),
    message.title ? element('h3', { class: 'card-title' }, message.title) : null,
    words,
    buttons(message, 'card-buttons'),
  );
}

/** Whom a card was posted for: a card carries that beside its text. */
function cardMentions({ mentions }, { names, conversation }) {
  if (conversation.type !== 'group' || mentions.length === 0) return null;
  const marks = mentions.map((userId) => element('span', { class: 'mention' }, `@${names.get(userId) ?? userId}`));
  return element('p', { class: 'card-mentions' }, ...marks);
}

function actionCard(message, words) {
  return element(
    'div',
    { class: 'bubble action-card' },
    message.title ? element('h3', { class: 'card-title' }, message.title) : null,
    words,
    buttons(message, 'action-rows'),
  );
}

function buttons(message, className) {
  if (!message.buttons?.length) return null;
  return element('div', { class: className }, ...message.buttons.map(cardButton));
}

/** Calls back to the bot, or does what its address says; see `linkTarget`. */
function cardButton(button) {
  const style = buttonStyles.find((known) => String(button.style).toLowerCase().includes(known)) ?? 'gray';
  const look = `card-button card-button-${style}`;
  const target = button.url ? linkTarget(button.url) : null;
  if (target?.open && !button.disabled) {
    return element('a', { class: look, href: target.open, target: '_blank', rel: 'noopener noreferrer' }, button.label);
  }
  const act = target?.send ? { 'data-send': target.send } : button.url ? {} : { 'data-action': button.id };
  const disabled = button.disabled || (button.url && target === null);
  return element('button', { type: 'button', class: look, ...act, disabled: Boolean(disabled) }, button.label);
}

function picture(message) {
  const address = message.text ?? '';
  if (!isOwnPicture(address)) {
    const target = linkTarget(address)?.open;
    const words = `[${text('picture')}] ${address}`;
    const shown = target ? element('a', { href: target, target: '_blank', rel: 'noopener noreferrer' }, words) : words;
    return element('div', { class: 'bubble' }, shown);
  }
  return element('img', { class: 'picture', src: address, alt: message.title || text('picture') });
}

function footnote(message, scene) {
  if (message.delivered === false) {
    return element('p', { class: 'footnote footnote-error' }, icon('alert'), text('undelivered'));
  }
  if (message.visibleTo === null || scene.conversation.type === 'direct') return null;
  const names = message.visibleTo.map((userId) => scene.names.get(userId) ?? userId).join('、');
  return element('p', { class: 'footnote' }, icon('eye'), text('onlyVisibleTo', { names }));
}

/**
 * Who has read a message: as in DingTalk its author sees how many have not; the bot cannot look, so everyone sees how many have read
 * what it said. Null where nobody else can read it, or the sandbox does not say.
 */
export function readState(message, conversation, personId) {
  const { from, readBy, visibleTo } = message;
  if (!readBy || (from !== personId && from !== 'bot')) return null;
  const readers = conversation.members.filter(
    ({ userId }) => userId !== from && (visibleTo === null || visibleTo.includes(userId)),
  );
  if (readers.length === 0) return null;
  const names = (list) => list.map(({ name }) => name).join('、');
  const done = readers.filter(({ userId }) => readBy.includes(userId));
  const left = readers.filter((reader) => !done.includes(reader));
  const words =
    left.length === 0
      ? text(readers.length === 1 ? 'read' : 'readByAll')
      : from === 'bot' && readers.length > 1
        ? text('readBy', { count: done.length, all: readers.length })
        : text(readers.length === 1 ? 'unreadYet' : 'unreadBy', { count: left.length });
  const title = [
    done.length > 0 ? text('readers', { names: names(done) }) : null,
    left.length > 0 ? text('notReaders', { names: names(left) }) : null,
  ];
  return element(
    'p',
    {
      class: `read-state${left.length === 0 ? ' read-state-all' : ''}`,
      title: title.filter(Boolean).join('\n'),
      'aria-live': 'off',
    },
    words,
  );
}
