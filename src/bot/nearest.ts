import { editDistance } from './edit-distance.ts';

/** Words that somebody may have meant. */
export interface Phrase {
  /** As `normalize` leaves them. */
  readonly words: string;
  /** Of the words, in characters. */
  readonly length: number;
  readonly isHan: boolean;
}

/** A phrase that is near to what was said, and what was said after it. */
export interface Near<P extends Phrase> {
  readonly phrase: P;
  readonly rest: string;
}

export function phraseOf(words: string): Phrase {
  return { words, length: [...words].length, isHan: /\p{Script=Han}/u.test(words) };
}

/** The phrases that are nearest to what was said: contained in it, or differing from its beginning by little; none when none is near. */
export function nearestOf<P extends Phrase>(said: string, phrases: readonly P[]): Near<P>[] {
  const run = [...(/^\p{Script=Han}+/u.exec(said)?.[0] ?? '')];
  let best = 1;
  let near: Near<P>[] = [];
  for (const phrase of phrases) {
    const heads = phrase.isHan ? [...hanHeads(run, phrase.length), said] : latinHeads(said, phrase.words);
    const { score, rest } = scoreOf(phrase, said, heads);
    if (score === 1 || score > best) continue;
    if (score < best) near = [];
    best = score;
    near.push({ phrase, rest });
  }
  return near;
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

/** The first word, as many words as the phrase has, and all of it. */
function latinHeads(said: string, words: string): string[] {
  const all = said.split(' ');
  return [...new Set([all[0] ?? '', all.slice(0, words.split(' ').length).join(' '), said])];
}

function allowedMistakes({ length, isHan }: Phrase): number {
  if (length < 2 || (!isHan && length < 3)) return 0;
  if (length < 5) return 1;
  return length < 8 ? 2 : 3;
}
