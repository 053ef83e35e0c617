// Which language the page speaks, and by which customs numbers and times are written.

import { createEffect, createSignal } from 'solid-js';
import { type Text, en } from './en.js';

/** Languages by their tag. Only English comes with the first page; the others are loaded when they are chosen. */
const LANGUAGES: Record<string, { name: string; load: () => Promise<Text> }> = {
  en: { name: en.language, load: () => Promise.resolve(en) },
  zh: { name: '中文', load: () => import('./zh.js').then(({ zh }) => zh) },
};
const KEPT = 'pointcast.language';

/** Every language: tag and its own name. */
export const languages = Object.entries(LANGUAGES).map(([tag, { name }]) => ({ tag, name }));

/** The reader's first language that there is; English where there is none. */
export function preferred(wanted: readonly string[], kept: string | null): string {
  const tags = [kept ?? '', ...wanted].map((tag) => tag.split('-')[0]?.toLowerCase() ?? '');
  return tags.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? 'en';
}

/** Whose customs numbers follow: the reader's own, unless another language was chosen than any of theirs. */
export function customs(language: string, wanted: readonly string[]): string {
  const same = wanted.find((tag) => tag.toLowerCase().split('-')[0] === language);
  return same ?? (language === 'en' ? (wanted[0] ?? 'en') : language);
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

const [text, setText] = createSignal<Text>(en);
const [language, setLanguage] = createSignal('en');
const [locale, setLocale] = createSignal('en');

export { language, locale, text };

/** Speaks another language from now on, and at the next visit. */
export async function speak(tag: string, keep = true): Promise<void> {
  const chosen = LANGUAGES[tag];
  if (!chosen) return;
  const words = await chosen.load();
  if (keep) {
    try {
      localStorage.setItem(KEPT, tag);
    } catch {
      // A browser that keeps nothing: it is so until the page is closed.
    }
  }
  setText(() => words);
  setLanguage(tag);
  setLocale(customs(tag, navigator.languages));
}

/** Has every language at hand. */
export function loadLanguages(): Promise<unknown> {
  return Promise.all(Object.values(LANGUAGES).map(({ load }) => load()));
}

/** Speaks the reader's language, and tells the document so. */
export function startLanguage(): Promise<void> {
  createEffect(() => document.documentElement.setAttribute('lang', language()));
  return speak(preferred(navigator.languages, kept()), false);
}
