import { SETTINGS, type SettingName } from '../domain/settings.ts';
import { nearestOf, phraseOf } from './nearest.ts';
import { normalize } from './parse.ts';
import { type Nameable, settingValueOf, valueWords } from './setting-values.ts';
import { SETTING_WORDS, settingIn, TWO_PERSON_WORDS } from './setting-words.ts';

/** A setting that somebody may have meant, or `two_person`, with the value that was said. */
export interface NearSetting {
  readonly setting: SettingName | 'two_person';
  /** '' where none was said. */
  readonly value: string;
}

const MAX_SUGGESTIONS = 2;

const PHRASES = [
  ...SETTINGS.flatMap((setting) =>
    Object.values(SETTING_WORDS[setting]).flatMap((words) => words.map((word) => ({ ...phraseOf(word), setting }))),
  ),
  ...Object.values(TWO_PERSON_WORDS).flatMap((words) =>
    words.map((word) => ({ ...phraseOf(word), setting: 'two_person' as const })),
  ),
].toSorted((a, b) => b.length - a.length);

/** The settings whose names are nearest to what was said after `设置`: `阈植 5000`, `quite hours off`; none for what is near to none. */
export function settingsNear(argument: string): NearSetting[] {
  const near = new Map<NearSetting['setting'], NearSetting>();
  for (const { phrase, rest } of nearestOf(argument, PHRASES)) {
    const { setting, words } = phrase;
    if (near.has(setting)) continue;
    // Where the name stands in a sentence, what follows it may be its value.
    const inside = argument.indexOf(words);
    const value = inside < 0 ? rest.replace(/^[\s:=,、]+/u, '') : (settingIn(argument.slice(inside))?.value ?? '');
    near.set(setting, { setting, value });
  }
  return [...near.values()].slice(0, MAX_SUGGESTIONS);
}

/** The word for a value that is nearest to what was said; undefined where none is near. */
export function valueNear(setting: SettingName, said: string, nameable: Nameable): string | undefined {
  // Titles have spaces where people leave them out.
  const titles = setting === 'offer' ? nameable.offers.flatMap(({ id, title }) => [compact(title), compact(id)]) : [];
  const [near] = [
    ...nearestOf(said, valueWords(setting).map(phraseOf)),
    ...nearestOf(compact(said), titles.map(phraseOf)),
  ];
  return near && settingValueOf(setting, near.phrase.words, nameable) !== undefined ? near.phrase.words : undefined;
}

function compact(text: string): string {
  return normalize(text).replaceAll(' ', '');
}
