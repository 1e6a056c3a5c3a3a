/** Sets text in a PDF: letters of several fonts in one line, lines broken to a width, and figures of equal width. */
import PDFDocument from 'pdfkit';
import type { Instant } from '../domain/time.ts';
import { fontFile, type Run, runsOf, type Weight } from './fonts.ts';

export type Type = {
  size: number;
  weight?: Weight;
  color?: string;
  leading?: number;
  spacing?: number;
  figures?: true;
};
export type Align = 'left' | 'right' | 'center';

type About = { title: string; author: string; language: string; createdAt: Instant };

/** DIN A4, in points. */
export const PAGE = { width: 595.28, height: 841.89 };

/**
 * Without the look at a letter's neighbours for prettier arrows, which is most of the work and shows nowhere. In columns
 * the figures are of one width. The library's types know a list of features only, its code this as well.
 */
const features = (of: object) => of as unknown as PDFKit.Mixins.OpenTypeFeatures[];
const WORDS = features({ calt: false });
const FIGURES = features({ calt: false, tnum: true });
const LEADING = 1.4;

export class Typesetter {
  readonly pdf: PDFKit.PDFDocument;
  private readonly chunks: Buffer[] = [];
  private readonly known = new Set<string>();
  private readonly advances = new Map<string, number>();

  /** Nothing in it comes from a clock or from chance: the same text is the same bytes. */
  constructor({ title, author, language, createdAt }: About) {
    this.pdf = new PDFDocument({
      size: [PAGE.width, PAGE.height],
      margin: 0,
      autoFirstPage: false,
      bufferPages: true,
      pdfVersion: '1.7',
      lang: language,
      displayTitle: true,
      info: {
        Title: title,
        Author: author,
        Creator: 'Hydra Billing',
        Producer: 'Hydra Billing',
        CreationDate: new Date(createdAt),
      },
    });
    this.pdf.on('data', (chunk: Buffer) => this.chunks.push(chunk));
  }

  widthOf(text: string, type: Type): number {
    return runsOf(text, type.weight ?? 'regular').reduce((sum, run) => sum + this.advanceOf(run, type), 0);
  }

  /** One line, its letters on the base line that lies `y` plus the size below the top. Answers its height. */
  line(text: string, x: number, y: number, type: Type, align: Align = 'left', width = 0): number {
    const { size, weight = 'regular', color = '#111827', spacing = 0, figures } = type;
    let from = x;
    if (align !== 'left') from += (width - this.widthOf(text, type)) / (align === 'right' ? 1 : 2);
    for (const run of runsOf(text, weight)) {
      const options = {
        features: figures ? FIGURES : WORDS,
        characterSpacing: spacing,
        lineBreak: false,
        baseline: 'alphabetic',
      } as const;
      this.use(run.cut, size)
        .fillColor(color)
        .text(run.text, from, y + size, options);
      from += this.advanceOf(run, type);
    }
    return this.leadingOf(type);
  }

  /** Text broken to a width. Answers how high it is. */
  block(text: string, x: number, y: number, width: number, type: Type, align: Align = 'left'): number {
    let below = y;
    for (const each of this.linesOf(text, width, type)) below += this.line(each, x, below, type, align, width);
    return below - y;
  }

  heightOf(text: string, width: number, type: Type): number {
    return this.linesOf(text, width, type).length * this.leadingOf(type);
  }

  linesOf(text: string, width: number, type: Type): string[] {
    return text.split('\n').flatMap((paragraph) => this.broken(paragraph, width, type));
  }

  rule(y: number, from: number, to: number, color: string, weight = 0.75): void {
    this.pdf.moveTo(from, y).lineTo(to, y).lineWidth(weight).strokeColor(color).stroke();
  }

  async bytes(): Promise<Buffer> {
    const ended = new Promise<void>((resolve, reject) => this.pdf.once('end', resolve).once('error', reject));
    this.pdf.end();
    await ended;
    return Buffer.concat(this.chunks);
  }

  private leadingOf({ size, leading = LEADING }: Type): number {
    return size * leading;
  }

  /** Shaping a text takes longer than drawing it, and most are asked for several times. */
  private advanceOf({ cut, text }: Run, { size, spacing = 0, figures }: Type): number {
    const name = `${cut}/${figures ?? false}/${text}`;
    let advance = this.advances.get(name);
    if (advance === undefined) {
      advance = this.use(cut, 1).widthOfString(text, { features: figures ? FIGURES : WORDS });
      this.advances.set(name, advance);
    }
    return advance * size + spacing * [...text].length;
  }

  private use(cut: string, size: number): PDFKit.PDFDocument {
    if (!this.known.has(cut)) {
      this.pdf.registerFont(cut, fontFile(cut));
      this.known.add(cut);
    }
    return this.pdf.font(cut, size);
  }

  private broken(paragraph: string, width: number, type: Type): string[] {
    const lines: string[] = [];
    let line = '';
    let used = 0;
    for (const piece of piecesOf(paragraph)) {
      if (line !== '' && used + this.widthOf(piece.trimEnd(), type) > width) {
        lines.push(line.trimEnd());
        line = '';
        used = 0;
      }
      line += piece;
      used += this.widthOf(piece, type);
      // A word that is wider than the line is broken where it must be.
      while (used > width && this.widthOf(line.trimEnd(), type) > width && [...line].length > 1) {
        const fits = this.lettersThatFit(line, width, type);
        lines.push(fits);
        line = line.slice(fits.length);
        used = this.widthOf(line, type);
      }
    }
    return [...lines, line.trimEnd()];
  }

  private lettersThatFit(text: string, width: number, type: Type): string {
    let fits = '';
    for (const letter of text) {
      if (fits !== '' && this.widthOf(fits + letter, type) > width) break;
      fits += letter;
    }
    return fits;
  }
}

const IDEOGRAPH = /[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]/;
/** No line begins with one of these. */
const CLOSING = /[\s、。，．）」』】〉》ー・,.;:!?)\]}»”’%]/;
const OPENING = /[（「『【〈《([{«“‘]/;

/** A line may end after a space or a hyphen, and beside any letter of the scripts that have no spaces. */
function piecesOf(text: string): string[] {
  const pieces = [''];
  const letters = [...text];
  letters.forEach((letter, i) => {
    pieces[pieces.length - 1] += letter;
    const next = letters[i + 1];
    if (next === undefined || CLOSING.test(next) || OPENING.test(letter)) return;
    const breaks = letter === ' ' || letter === '-' || IDEOGRAPH.test(letter) || IDEOGRAPH.test(next);
    if (breaks) pieces.push('');
  });
  return pieces;
}
