/**
 * Inter for everything that is written from left to right in Europe, cut by script as it is published, and Sawarabi Gothic
 * for Japanese. Which cut has a letter is found out by looking, and a cut is read when the first letter needs it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ttfOf } from './woff.ts';

const { resolve } = createRequire(import.meta.url);

export type Weight = 'regular' | 'bold';

/** The file of a cut, and the code points that its publisher says it has. */
type Cut = { name: string; file: string; ranges: [from: number, to: number][] };

const INTER_CUTS = ['latin', 'latin-ext', 'greek', 'cyrillic', 'vietnamese', 'cyrillic-ext', 'greek-ext'];

const interCuts = (weight: number): Cut[] => {
  const published = rangesPublishedBy('@fontsource/inter');
  return INTER_CUTS.map((cut) => ({
    name: `inter-${cut}-${weight}`,
    file: resolve(`@fontsource/inter/files/inter-${cut}-${weight}-normal.woff`),
    ranges: rangesOf(published[cut]!),
  }));
};

/**
 * In a hundred cuts of letters that are used together: a name needs a few of them, where the whole takes half a second to
 * read. Of one weight only.
 */
const japaneseCuts = (): Cut[] =>
  Object.entries(rangesPublishedBy('@fontsource/sawarabi-gothic')).flatMap(([name, ranges]) => {
    const number = /^\[(\d+)\]$/.exec(name)?.[1];
    if (number === undefined) return []; // the scripts that Inter has, too
    const file = resolve(`@fontsource/sawarabi-gothic/files/sawarabi-gothic-${number}-400-normal.woff`);
    return [{ name: `sawarabi-gothic-${number}`, file, ranges: rangesOf(ranges) }];
  });

const rangesPublishedBy = (font: string): Record<string, string> =>
  JSON.parse(readFileSync(resolve(`${font}/unicode.json`), 'utf8'));

/** "U+0000-00FF,U+0131" */
const rangesOf = (text: string): [number, number][] =>
  text.split(',').map((range) => {
    const [from = '', to = from] = range.replace('U+', '').split('-');
    return [Number.parseInt(from, 16), Number.parseInt(to, 16)];
  });

const cuts = (() => {
  let made: Record<Weight, Cut[]> | null = null;
  return (weight: Weight): Cut[] => {
    if (made === null) {
      const shared = japaneseCuts();
      made = { regular: [...interCuts(400), ...shared], bold: [...interCuts(600), ...shared] };
    }
    return made[weight];
  };
})();

/** Letters that follow each other in one cut. */
export type Run = { cut: string; text: string };

/** What stands for words in letters that no cut has: a reader sees that something is missing, and where. */
const MISSING = '[…]';

/** Composed as far as it goes, with spaces that the cuts have. Marks that no eye sees and control characters are left out. */
const printable = (text: string): string =>
  text
    .normalize('NFC')
    .replaceAll(/[\u202f\u2007-\u200a]/g, '\u00a0')
    .replaceAll(/\s/g, (space) => (space === '\u00a0' ? space : ' '))
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '');

/** Pictures are no part of a name, and what makes one of several letters. Those that a cut has, © say, are printed. */
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]|\ufe0f|\u20e3/u;

const known: Record<Weight, Map<string, string | null>> = { regular: new Map(), bold: new Map() };

function cutOf(letter: string, weight: Weight): string | null {
  const found = known[weight].get(letter);
  if (found !== undefined) return found;
  const code = letter.codePointAt(0)!;
  const cut = cuts(weight).find(({ ranges }) => ranges.some(([from, to]) => from <= code && code <= to));
  const name = cut?.name ?? null;
  known[weight].set(letter, name);
  return name;
}

/** With what no cut has left out where it is a picture, and else marked, once for words that follow each other. */
function shownOf(text: string, weight: Weight): string {
  const letters = [...printable(text)];
  if (letters.every((letter) => cutOf(letter, weight) !== null)) return letters.join('');
  return letters
    .map((letter) => (cutOf(letter, weight) !== null ? letter : PICTURE.test(letter) ? LEFT_OUT : GONE))
    .join('')
    .replaceAll(/^\ue000+ ?| ?\ue000+/g, '')
    .replaceAll(/\ue001(?: *\ue001)*/g, MISSING);
}
/** No text that is printed has these: letters of private use were taken out of it. */
const LEFT_OUT = '\ue000';
const GONE = '\ue001';

export function runsOf(text: string, weight: Weight): Run[] {
  const runs: Run[] = [];
  for (const letter of shownOf(text, weight)) {
    const cut = cutOf(letter, weight)!;
    const last = runs.at(-1);
    if (last?.cut === cut) last.text += letter;
    else runs.push({ cut, text: letter });
  }
  return runs;
}

const files = new Map<string, Buffer>();

/** The bytes of a cut, read once a process. */
export function fontFile(name: string): Buffer {
  const found = files.get(name);
  if (found) return found;
  const cut = [...cuts('regular'), ...cuts('bold')].find((each) => each.name === name)!;
  const bytes = ttfOf(readFileSync(cut.file));
  files.set(name, bytes);
  return bytes;
}
