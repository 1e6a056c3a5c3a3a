/** The words of the components that both pages share. The console is in English; the portal brings its language's. */
import { createContext, useContext } from 'react';

export type BaseWords = {
  close: string;
  tryAgain: string;
  loading: string;
  somethingWrong: string;
  unreachable: string;
  requestId: (id: string) => string;
  asTable: string;
  theme: string;
  themes: { system: string; light: string; dark: string };
  shortcuts: string;
  skip: string;
  notices: string;
};

export const english: BaseWords = {
  close: 'Close',
  tryAgain: 'Try again',
  loading: 'Loading',
  somethingWrong: 'Something went wrong',
  unreachable: 'The server can’t be reached. Check your connection.',
  requestId: (id) => `Request ${id}`,
  asTable: 'Show as a table',
  theme: 'Theme',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  shortcuts: 'Keyboard shortcuts',
  skip: 'Skip to the content',
  notices: 'Notices',
};

export type Reader = {
  locale: string;
  /** Undefined: the browser's own. */
  timeZone?: string | undefined;
  words: BaseWords;
};

/** Who reads: their locale, time zone and words. */
export const ReaderContext = createContext<Reader>({ locale: 'en', words: english });
export const useReader = (): Reader => useContext(ReaderContext);
