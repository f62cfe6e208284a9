import { chinese } from './chinese.js';
import { english } from './english.js';

/** The page's own labels in both languages. What people and the bot write is shown as it is. */
export const dictionaries = { 'zh-CN': chinese, en: english };
const storageKey = 'sandbox.language';
const listeners = new Set();

let language = initialLanguage();

function initialLanguage() {
  const remembered = localStorage.getItem(storageKey);
  if (remembered !== null && remembered in dictionaries) return remembered;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The page's language: `zh-CN` or `en`. */
export function currentLanguage() {
  return language;
}

/** The label named `key`, with `{name}` places filled from `values`; numbers are grouped. */
export function text(key, values = {}) {
  const label = dictionaries[language][key];
  return label.replace(/\{(\w+)\}/g, (_place, name) => {
    const value = values[name];
    return typeof value === 'number' ? formatNumber(value) : String(value);
  });
}

/** Whether there is a label named `key`. */
export function hasText(key) {
  return Object.hasOwn(dictionaries[language], key);
}

/** Money, from the service's decimal words: `¥5,000.00`. */
export function formatMoney(amount, currency) {
  return new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(
    amount,
  );
}

/** The quick commands in the page's language. */
export function quickCommands() {
  return dictionaries[language].commands;
}

export function formatNumber(value) {
  return new Intl.NumberFormat(language).format(value);
}

/** The name of a country or region by its two-letter code, in the page's language. */
export function countryName(code) {
  return new Intl.DisplayNames([language], { type: 'region', style: 'short' }).of(code) ?? code;
}

/** Changes the page's language, remembers it, and tells those who called `onLanguageChange`. */
export function setLanguage(next) {
  language = next;
  localStorage.setItem(storageKey, next);
  applyTexts();
  for (const listener of listeners) listener();
}

export function onLanguageChange(listener) {
  listeners.add(listener);
}

/** Fills the elements that name their label: `data-text` (content), `data-label` (aria-label), `data-hint` (placeholder). */
export function applyTexts(root = document) {
  document.documentElement.lang = language;
  document.title = text('title');
  for (const element of root.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', text(element.dataset.label));
    if (element.matches('button')) element.title = text(element.dataset.label);
  }
  for (const element of root.querySelectorAll('[data-hint]')) element.placeholder = text(element.dataset.hint);
}
