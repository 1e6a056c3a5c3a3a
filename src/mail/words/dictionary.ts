import type { Language } from '../../documents/words.ts';
import type { DeclineClass } from '../../domain/input.ts';
import type { Message } from '../messages.ts';
import type { Template } from '../template.ts';
import { german } from './de.ts';
import { english } from './en.ts';
import { spanish } from './es.ts';
import { french } from './fr.ts';
import { japanese } from './ja.ts';

export type Dictionary = {
  /** What helps, by what the bank said. Why a bank suspects fraud is not for a mail: it reads as any refusal. */
  advice: Readonly<Record<DeclineClass, string>>;
  /** Why this was sent, and that it can't be turned off: it is about a contract, and no advertisement. */
  why: (seller: string) => string;
  test: string;
  templates: Readonly<Record<Message, Template>>;
};

export const dictionaries: Readonly<Record<Language, Dictionary>> = {
  en: english,
  de: german,
  fr: french,
  es: spanish,
  ja: japanese,
};
