/** The portal's words in the reader's language: English comes with the page, another when it is asked for. */
import { createContext, useContext } from 'react';
import { en, type Words } from './words/en.ts';

export const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', ja: '日本語' } as const;
export type Language = keyof typeof LANGUAGES;

const others: Record<Exclude<Language, 'en'>, () => Promise<Words>> = {
  de: async () => (await import('./words/de.ts')).de,
  fr: async () => (await import('./words/fr.ts')).fr,
  es: async () => (await import('./words/es.ts')).es,
  ja: async () => (await import('./words/ja.ts')).ja,
};
export const wordsOf = async (language: Language): Promise<Words> => (language === 'en' ? en : others[language]());

const isLanguage = (value: string | undefined): value is Language => value !== undefined && value in LANGUAGES;
const KEY = 'hydra-language';

/** What was chosen here, else what the browser prefers. */
export function preferredLocale(): string {
  const kept = localStorage.getItem(KEY);
  if (kept && isLanguage(kept)) return kept;
  return navigator.languages.find((each) => isLanguage(languageOf(each))) ?? 'en';
}
export const keepLanguage = (language: Language): void => localStorage.setItem(KEY, language);
export const hasKeptLanguage = (): boolean => localStorage.getItem(KEY) !== null;

/** `de-AT` is read in German. */
export function languageOf(locale: string): Language {
  const language = locale.slice(0, 2);
  return isLanguage(language) ? language : 'en';
}

export const WordsContext = createContext<Words>(en);
export const useWords = (): Words => useContext(WordsContext);
