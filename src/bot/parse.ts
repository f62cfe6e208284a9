import type { Language } from '../store/groups.ts';
import { foldWidth } from './arguments/index.ts';
import { nearestOf, type Phrase, phraseOf } from './nearest.ts';
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

interface CommandPhrase extends Phrase {
  readonly command: CommandName;
  readonly language: Language;
  readonly switchTo?: SwitchState;
}

const PHRASES: readonly CommandPhrase[] = allPhrases();

/** Finds out what a message asks for. Never throws and has no effect, whatever the text is. */
export function parse(text: string): Parsed {
  const typed = clean(text);
  const said = fold(typed);
  if (said === '') return isQuestionMark(text) ? HELP : { type: 'empty' };
  let almost: CommandPhrase | undefined;
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

/** The nearest commands, one suggestion each. */
function nearest(said: string): Suggestion[] {
  const suggestions = new Map<CommandName, Suggestion>();
  for (const { phrase, rest } of nearestOf(said, PHRASES)) {
    if (!suggestions.has(phrase.command)) suggestions.set(phrase.command, suggestionOf(phrase, rest));
  }
  return [...suggestions.values()].slice(0, MAX_SUGGESTIONS);
}

function suggestionOf({ command, language, switchTo }: CommandPhrase, rest: string): Suggestion {
  const state = command === 'auto-renew' ? (switchTo ?? switchOf(rest)) : undefined;
  if (state) return { command, language, text: switchText(language, state) };
  const keepsRest = VOCABULARY[command].takesArgument && command !== 'auto-renew' && /^[a-z0-9-]{1,12}$/.test(rest);
  return { command, language, text: commandText(language, command, keepsRest ? rest.toUpperCase() : undefined) };
}

/** The longest first, so that `审批通过` is not taken for `审批`. */
function allPhrases(): CommandPhrase[] {
  const phrases: Omit<CommandPhrase, 'length' | 'isHan'>[] = [];
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
  return phrases.map((phrase) => ({ ...phrase, ...phraseOf(phrase.words) })).toSorted((a, b) => b.length - a.length);
}
