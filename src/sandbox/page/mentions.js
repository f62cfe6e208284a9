const untouched = 'a, button, code, pre, .mention';

/** Turns `@userId` and `@name` of known people into marked mentions by name. `names` maps user ids to names. */
export function markMentions(fragment, names) {
  const nameOf = new Map();
  for (const [userId, name] of names) nameOf.set(userId, name).set(name, name);
  if (nameOf.size === 0) return;
  const known = [...nameOf.keys()].sort((one, other) => other.length - one.length).map(escapePattern);
  const pattern = new RegExp(`@(${known.join('|')})(?![A-Za-z0-9_])`, 'gu');

  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const node of texts) {
    if (node.parentElement?.closest(untouched)) continue;
    const parts = splitByMention(node.data, pattern, nameOf);
    if (parts.length > 1 || parts[0] instanceof Element) node.replaceWith(...parts);
  }
}

function splitByMention(words, pattern, nameOf) {
  const parts = [];
  let from = 0;
  for (const found of words.matchAll(pattern)) {
    if (found.index > from) parts.push(words.slice(from, found.index));
    const mention = document.createElement('span');
    mention.className = 'mention';
    mention.textContent = `@${nameOf.get(found[1])}`;
    parts.push(mention);
    from = found.index + found[0].length;
  }
  if (from < words.length || parts.length === 0) parts.push(words.slice(from));
  return parts;
}

function escapePattern(words) {
  return words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
