import type { Message } from '../../../src/sandbox/conversations.ts';
import type { Cast } from './cast.ts';

/** Gives what differs between two runs a name that does not: the first code that is seen is `<CODE1>`. */
export class Placeholders {
  readonly #names = new Map<string, string>();

  /** Names every one of `values` that occurs in `text`, in the order in which they occur. */
  name(kind: string, text: string, values: readonly string[]): void {
    const seen = values
      .filter((value) => !this.#names.has(value) && text.includes(value))
      .toSorted((a, b) => text.indexOf(a) - text.indexOf(b));
    for (const value of seen) this.add(kind, value);
  }

  add(kind: string, value: string): void {
    const count = [...this.#names.values()].filter((name) => name.startsWith(`<${kind}`)).length;
    this.#names.set(value, `<${kind}${count + 1}>`);
  }

  hide(text: string): string {
    return [...this.#names].reduce((hidden, [value, name]) => hidden.replaceAll(value, name), text);
  }

  reveal(text: string): string {
    return [...this.#names].reduce((revealed, [value, name]) => revealed.replaceAll(name, value), text);
  }
}

/** A message of the bot as a script shows it: who it calls, its form, what it says, its buttons. */
export function linesOf(message: Message, cast: Cast): string[] {
  const mentions = message.mentions.map((userId) => ` @${cast.nameOf(userId)}`).join('');
  const form = message.revision > 0 ? `${message.kind}, changed` : message.kind;
  const title = message.title === null || message.text.startsWith(message.title) ? [] : [message.title, ''];
  const body = message.kind === 'image' ? ['<picture>'] : withoutPictures(message.text).split('\n');
  const buttons = message.buttons.map(({ label, disabled, url }) => {
    const opens = url === null ? '' : ` ${decodeURIComponent(url)}`;
    return `[${label}${disabled ? ' ×' : ''}${opens}]`;
  });
  const spoken = [...title, ...body].map((line) => line.trimEnd());
  return [
    `${cast.robot}${cast.placeOf(message.conversationId)}${mentions} (${form})`,
    ...spoken.map((line) => (line === '' ? '|' : `| ${line}`)),
    ...(buttons.length > 0 ? [`| ${buttons.join(' ')}`] : []),
  ];
}

/** Ids of uploaded pictures differ from run to run. */
function withoutPictures(text: string): string {
  return text.replaceAll(/!\[([^\]]*)\]\([^)]*\)/g, '![$1](<picture>)');
}
