/** What a person is told, in both languages. Chinese is the first one of those who use this program, English that of its logs. */
export interface Sentence {
  readonly english: string;
  readonly chinese: string;
}

/** The names that stand in braces in a text: `{offer}`. */
export type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** Puts values where a text names them in braces. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
}

const CHINESE_OF = new Map<string, string>();

/**
 * The English text of a fixed sentence, remembered with its Chinese one: for what can hold one text only, like the message of a schema.
 * Not for texts that are made anew each time; they would pile up.
 */
export function bilingual(english: string, chinese: string): string {
  CHINESE_OF.set(english, chinese);
  return english;
}

/** The Chinese of a text that `bilingual` made; undefined for any other. */
export function chineseOf(english: string): string | undefined {
  return CHINESE_OF.get(english);
}
