import i18next from 'i18next';
import type { Language } from '../store/groups.ts';
import { type Markdown, ownMarkdown } from './markdown.ts';
import en from './texts/en.ts';
import zhCn from './texts/zh-CN.ts';

/** The texts that exist, named by what they say. */
export type TextKey = keyof typeof zhCn;

/** What a text is filled in with. `count` also chooses between singular and plural. */
export type TextParams = Readonly<Record<string, Markdown | number>>;

const texts = i18next.createInstance();
texts.init({
  initAsync: false,
  resources: { 'zh-CN': { translation: zhCn }, en: { translation: en } },
  fallbackLng: false,
  // Keys are flat, with dots and colons in them as they are.
  keySeparator: false,
  nsSeparator: false,
  // Values are escaped for markdown, not for HTML; what is in them is never read as a text's own markup.
  interpolation: { escapeValue: false, skipOnVariables: true },
});
const speak = { 'zh-CN': texts.getFixedT('zh-CN'), en: texts.getFixedT('en') };

/** A text in a language. A parameter that is missing shows as `{{name}}`, for a test to find. */
export function text(language: Language, key: TextKey, params: TextParams = {}): Markdown {
  const { count } = params;
  // `replace` keeps the parameters apart from i18next's own options.
  const options = { replace: params, ...(typeof count === 'number' ? { count } : {}) };
  return ownMarkdown(speak[language](key, options));
}
