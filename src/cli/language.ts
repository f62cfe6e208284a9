import { UsageError } from './errors.ts';

/** In which errors are told. */
export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language of a terminal, by the variables that POSIX gives for it, the strongest first: Chinese where it is, or else English. */
export function languageOfTerminal({
  LC_ALL,
  LC_MESSAGES,
  LANG,
}: Readonly<Record<string, string | undefined>>): Language {
  return /^zh/i.test(LC_ALL || LC_MESSAGES || LANG || '') ? 'zh-CN' : 'en';
}

/**
 * Takes `--language LANGUAGE` out of a command line.
 * @throws UsageError when the language is none that there is
 */
export function takeLanguage(
  words: readonly string[],
  ofTerminal: Language,
): { readonly language: Language; readonly words: readonly string[] } {
  const index = words.findIndex((word) => word === '--language' || word.startsWith('--language='));
  if (index < 0) return { language: ofTerminal, words };
  const [, joined] = (words[index] ?? '').split('=', 2);
  const given = joined ?? words[index + 1];
  const language = LANGUAGES.find((known) => known === given);
  if (!language) {
    const choices = LANGUAGES.join(', ');
    throw new UsageError({
      english: `--language must be one of ${choices}.`,
      chinese: `--language 须为下列之一：${choices}。`,
    });
  }
  return { language, words: words.toSpliced(index, joined === undefined ? 2 : 1) };
}
