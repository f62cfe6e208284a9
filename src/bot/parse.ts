import type { Language } from '../store/groups.ts';
import { foldWidth } from './arguments/index.ts';
import { editDistance } from './edit-distance.ts';
import {
  type CommandName,
  commandText,
  type SwitchState,
  switchOf,
  switchSentences,
  switchText,
  VOCABULARY,
} from './vocabulary.ts';

/** A command that is close to what was typed, and the text that runs it. */
export interface Suggestion {
  readonly command: CommandName;
  readonly language: Language;
  readonly text: string;
}

export type Parsed =
  | {
      readonly type: 'command';
      readonly command: CommandName;
      /** What followed the name, in lower case; '' for nothing. */
      readonly argument: string;
      /** The same with its capitals and in its own script. */
      readonly argumentAsTyped: string;
      /** The language of the words as they were typed; null for what is in none, as `?`. */
      readonly language: Language | null;
    }
  | { readonly type: 'unknown'; readonly suggestions: readonly Suggestion[] }
  | { readonly type: 'empty' };

/** More than any command needs; what follows is not looked at. */
const MAX_LENGTH = 300;
const MAX_SUGGESTIONS = 2;

const TRADITIONAL: Readonly<Record<string, string>> = Object.fromEntries(
  [...'餘余額额幫帮動动續续費费綁绑絕绝審审開开關关閉闭啟启駁驳詢询帳账戶户'.matchAll(/(.)(.)/gu)].map(
    ([, traditional = '', simplified = '']) => [traditional, simplified],
  ),
);

interface Phrase {
  readonly words: string;
  /** Of the words, in characters. */
  readonly length: number;
  readonly isHan: boolean;
  readonly command: CommandName;
  readonly language: Language;
  readonly switchTo?: SwitchState;
}

const PHRASES: readonly Phrase[] = allPhrases();

/** Finds out what a message asks for. Never throws and has no effect, whatever the text is. */
export function parse(text: string): Parsed {
  const typed = clean(text);
  const said = fold(typed);
  if (said === '') return isQuestionMark(text) ? HELP : { type: 'empty' };
  let almost: Phrase | undefined;
  for (const phrase of PHRASES) {
    const rest = restAfter(phrase, said);
    if (rest === undefined) continue;
    const { command, language } = phrase;
    if (phrase.switchTo) {
      const state = phrase.switchTo;
      if (rest === '') return { type: 'command', command, language, argument: state, argumentAsTyped: state };
    } else if (VOCABULARY[command].takesArgument || rest === '' || SMALL_TALK.test(rest)) {
      const argumentAsTyped = typed.slice(typed.length - rest.length);
      return { type: 'command', command, language, argument: rest, argumentAsTyped };
    } else almost ??= phrase;
  }
  const suggestions = almost ? [suggestionOf(almost, '')] : nearest(said);
  return { type: 'unknown', suggestions };
}

/** The same spelling for all ways to type a command: width, case, spaces, a leading slash or mention, punctuation around it. */
export function normalize(text: string): string {
  return fold(clean(text));
}

/** All of it but the case and the script. */
function clean(text: string): string {
  return foldWidth(text.slice(0, MAX_LENGTH).toWellFormed())
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replace(/^ *(@\S+ +)+/u, '')
    .replaceAll(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, '')
    .trim()
    .replace(/^[\s/「『“"'‘]+/u, '')
    .replace(/[\s.。!?,、;:~·」』”"'’]+$/u, '');
}

/** Lower case and simplified; every character keeps its place, so that what was typed can be found again. */
function fold(text: string): string {
  return [...text]
    .map((character) => {
      const folded = TRADITIONAL[character] ?? character.toLowerCase();
      return folded.length === character.length ? folded : character;
    })
    .join('');
}

/** `?` and `？` ask for help, alone. */
function isQuestionMark(text: string): boolean {
  return /^[\s/]*[?？]+\s*$/u.test(text.slice(0, MAX_LENGTH).replace(/^\s*(@\S+\s+)+/u, ''));
}

const HELP: Parsed = { type: 'command', command: 'help', argument: '', argumentAsTyped: '', language: null };

/** What may follow a question about a figure without changing it: 余额是多少, 余量还有多少条. */
const SMALL_TALK = /^(是|还)?(有|剩|够)?(多少|几)?(钱|条|元)?(了|呢|吗|啊|呀|吧)?$/u;

/** What follows a phrase at the beginning of what was said; undefined when it does not begin with the phrase. */
function restAfter({ words, isHan }: Phrase, said: string): string | undefined {
  if (!said.startsWith(words)) return undefined;
  const rest = said.slice(words.length);
  if (rest !== '' && !isHan && !/^[\s:=,]/.test(rest)) return undefined;
  return rest.replace(/^[\s:=,、-]+/u, '');
}

/** The nearest commands: those whose words are contained in what was said, or differ from its beginning by little. */
function nearest(said: string): Suggestion[] {
  const run = [...(/^\p{Script=Han}+/u.exec(said)?.[0] ?? '')];
  const firstWord = said.split(' ', 1)[0] ?? '';
  let best = 1;
  let suggestions = new Map<CommandName, Suggestion>();
  for (const phrase of PHRASES) {
    const { score, rest } = scoreOf(phrase, said, phrase.isHan ? hanHeads(run, phrase.length) : [firstWord, said]);
    if (score === 1 || score > best) continue;
    if (score < best) suggestions = new Map();
    best = score;
    if (!suggestions.has(phrase.command)) suggestions.set(phrase.command, suggestionOf(phrase, rest));
  }
  return [...suggestions.values()].slice(0, MAX_SUGGESTIONS);
}

/** From 0, the same, to 1, nothing in common; and what followed the words that were compared. */
function scoreOf(phrase: Phrase, said: string, heads: readonly string[]): { score: number; rest: string } {
  const { words, length } = phrase;
  if (isContained(phrase, said)) return { score: 0.1 / length, rest: '' };
  const allowed = allowedMistakes(phrase);
  let score = 1;
  let rest = '';
  for (const head of heads) {
    if (Math.abs(head.length - words.length) > allowed) continue;
    const distance = editDistance(words, head);
    if (distance > allowed || distance / length >= score) continue;
    score = distance / length;
    rest = said.slice(head.length).trim();
  }
  return { score, rest };
}

function isContained({ words, length, isHan }: Phrase, said: string): boolean {
  if (isHan) return length > 1 && said.includes(words);
  if (length < 3) return false;
  return ` ${said} `.includes(` ${words} `) || (length > 3 && said.startsWith(words));
}

/** Beginnings of Chinese text that could be a mistyped word of this length; short words are not looked for in long sentences. */
function hanHeads(run: readonly string[], length: number): string[] {
  if (run.length > length + 2 && length < 3) return [];
  if (run.length < length) return [run.join('')];
  return [run.slice(0, length).join(''), run.slice(0, length + 1).join('')];
}

function allowedMistakes({ length, isHan }: Phrase): number {
  if (length < 2 || (!isHan && length < 3)) return 0;
  if (length < 5) return 1;
  return length < 8 ? 2 : 3;
}

function suggestionOf({ command, language, switchTo }: Phrase, rest: string): Suggestion {
  const state = command === 'auto-renew' ? (switchTo ?? switchOf(rest)) : undefined;
  if (state) return { command, language, text: switchText(language, state) };
  const keepsRest = VOCABULARY[command].takesArgument && command !== 'auto-renew' && /^[a-z0-9-]{1,12}$/.test(rest);
  return { command, language, text: commandText(language, command, keepsRest ? rest.toUpperCase() : undefined) };
}

/** The longest first, so that `审批通过` is not taken for `审批`. */
function allPhrases(): Phrase[] {
  const phrases: Omit<Phrase, 'length' | 'isHan'>[] = [];
  for (const [name, entry] of Object.entries(VOCABULARY)) {
    const command = name as CommandName;
    for (const language of ['zh-CN', 'en'] as const) {
      phrases.push(...entry[language].map((words) => ({ words, command, language })));
    }
    phrases.push({ words: entry.pinyin, command, language: 'zh-CN' });
  }
  for (const { words, state, language } of switchSentences()) {
    phrases.push({ words, command: 'auto-renew', language, switchTo: state });
  }
  return phrases
    .map((phrase) => ({
      ...phrase,
      length: [...phrase.words].length,
      isHan: /\p{Script=Han}/u.test(phrase.words),
    }))
    .toSorted((a, b) => b.length - a.length);
}
