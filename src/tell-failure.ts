import { languageOfTerminal } from './cli/language.ts';

/**
 * What a program that could not begin says to whoever started it: where the terminal is Chinese the sentence in Chinese first, then the
 * English one, in which paths and names stand.
 */
export function failureText(error: unknown, env: Readonly<Record<string, string | undefined>>): string {
  if (!(error instanceof Error)) return String(error);
  const chinese = 'chinese' in error && typeof error.chinese === 'string' ? error.chinese : undefined;
  return chinese !== undefined && languageOfTerminal(env) === 'zh-CN' ? `${chinese}\n${error.message}` : error.message;
}
