import { element, icon } from './dom.js';

const hues = 8;
const hueByPerson = new Map();

/** People get their colours in the order in which they are first shown, so that neighbours differ. */
function hueOf(userId) {
  const hue = hueByPerson.get(userId) ?? hueByPerson.size % hues;
  hueByPerson.set(userId, hue);
  return hue;
}

/** DingTalk shows the last two characters of a Chinese name, and initials of others. */
function shortName(name) {
  const trimmed = name.trim();
  if (/[\u3400-\u9fff]/u.test(trimmed)) return [...trimmed].slice(-2).join('');
  const initials = trimmed.split(/\s+/).map((word) => [...word][0] ?? '');
  return initials.slice(0, 2).join('').toUpperCase();
}

export function personAvatar(person) {
  return avatar(person, shortName(person.name || person.userId));
}

/** For small sizes: one character. */
export function smallAvatar(person) {
  return avatar(person, lastCharacter(person));
}

function avatar(person, words) {
  return element('span', { class: `avatar hue-${hueOf(person.userId)}`, 'aria-hidden': 'true' }, words);
}

function lastCharacter(person) {
  return [...shortName(person.name || person.userId)].at(-1) ?? '';
}

export function robotAvatar() {
  return element('span', { class: 'avatar avatar-robot', 'aria-hidden': 'true' }, icon('robot'));
}

/** A group's members on four tiles, as DingTalk draws a group without a picture. */
export function groupAvatar(members) {
  const tiles = members
    .slice(0, 4)
    .map((person) => element('span', { class: `tile hue-${hueOf(person.userId)}` }, lastCharacter(person)));
  return element('span', { class: 'avatar avatar-group', 'aria-hidden': 'true' }, ...tiles);
}
