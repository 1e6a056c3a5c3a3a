/**
 * What stands on an invoice or a credit note, in the reader's own words already, and how it is laid out: head, rows whose
 * heading comes again on every page, sums, notes, and a foot that counts the pages.
 */
import type { Instant } from '../domain/time.ts';
import { PAGE, type Type, Typesetter } from './typesetter.ts';

export type PaperRow = {
  description: string;
  /** Below it, smaller: the days, the arithmetic. */
  details: string[];
  quantity: string;
  unitPrice: string;
  tax: string;
  amount: string;
};
export type PaperSum = { label: string; value: string; strong?: boolean };
export type PaperParty = { label: string; name: string; lines: string[] };

export type Paper = {
  language: string;
  /** Of the document's window: "Invoice INV-000001". */
  title: string;
  heading: string;
  issuedAt: Instant;
  issuer: string;
  facts: { label: string; value: string }[];
  parties: PaperParty[];
  /** The one sentence that most readers look for: how much, and until when. */
  headline: string;
  stamp: { text: string; tone: 'good' | 'quiet' } | null;
  /** Says that it is none that counts: made in test mode. */
  warning: string | null;
  columns: { description: string; quantity: string; unitPrice: string; tax: string | null; amount: string };
  rows: PaperRow[];
  sums: PaperSum[];
  notes: string[];
  foot: string;
  pageOf: (page: number, pages: number) => string;
};

const INK = '#111827';
const QUIET = '#6b7280';
const HAIR = '#e5e7eb';
const GOOD = '#15803d';
const WARN = '#b45309';

const LEFT = 54;
const RIGHT = PAGE.width - 54;
const WIDTH = RIGHT - LEFT;
const TOP = 54;
/** Where the foot's rule lies; rows end above it. */
const FOOT = PAGE.height - 62;

const heading: Type = { size: 23, weight: 'bold', color: INK, leading: 1.2 };
const strong: Type = { size: 9.5, weight: 'bold', color: INK };
const plain: Type = { size: 9.5, color: INK };
const figure: Type = { ...plain, figures: true };
const strongFigure: Type = { ...strong, figures: true };
const quiet: Type = { size: 9.5, color: QUIET };
const small: Type = { size: 8, color: QUIET, leading: 1.45 };
const detail: Type = { ...small, figures: true };
const label: Type = { size: 7.5, weight: 'bold', color: QUIET, spacing: 0.3 };
const headline: Type = { size: 15, weight: 'bold', color: INK, leading: 1.3 };

export async function drawPaper(paper: Paper): Promise<Buffer> {
  const { title, issuer, language, issuedAt } = paper;
  const type = new Typesetter({ title, author: issuer, language, createdAt: issuedAt });
  type.pdf.addPage();
  const columns = columnsOf(type, paper);
  let y = head(type, paper);
  y = rowsOf(type, paper, columns, y);
  y = sumsOf(type, paper, y);
  notesOf(type, paper, y);
  feet(type, paper);
  return type.bytes();
}

function head(type: Typesetter, paper: Paper): number {
  let y = TOP;
  const issuer = type.block(paper.issuer, LEFT, y + 6, WIDTH * 0.5, { ...strong, size: 12 });
  type.line(paper.heading, LEFT, y, heading, 'right', WIDTH);
  if (paper.warning) {
    const width = type.widthOf(paper.warning, { ...label, color: WARN }) + 14;
    type.pdf
      .roundedRect(RIGHT - width, y + 31, width, 15, 7.5)
      .lineWidth(0.75)
      .strokeColor(WARN)
      .stroke();
    type.line(paper.warning, RIGHT - width, y + 33.4, { ...label, color: WARN }, 'center', width);
  }
  y += Math.max(issuer, 28) + (paper.warning ? 34 : 26);
  y = factsOf(type, paper, y);
  y = partiesOf(type, paper, y + 26);
  y += 30;
  type.block(paper.headline, LEFT, y, paper.stamp ? WIDTH - 130 : WIDTH, headline);
  if (paper.stamp) stampOf(type, paper.stamp, y + 9);
  return y + type.heightOf(paper.headline, paper.stamp ? WIDTH - 130 : WIDTH, headline) + 22;
}

/** Side by side, as many as there are. */
function factsOf(type: Typesetter, { facts }: Paper, y: number): number {
  const width = WIDTH / Math.max(facts.length, 4);
  const heights = facts.map(({ label: name, value }, i) => {
    const x = LEFT + i * width;
    type.line(name, x, y, label);
    return 14 + type.block(value, x, y + 14, width - 12, plain);
  });
  return y + Math.max(...heights, 0);
}

function partiesOf(type: Typesetter, { parties }: Paper, y: number): number {
  const width = WIDTH / Math.max(parties.length, 2);
  const heights = parties.map(({ label: name, name: who, lines }, i) => {
    const x = LEFT + i * width;
    type.line(name, x, y, label);
    let below = y + 15;
    if (who !== '') below += type.block(who, x, below, width - 20, strong);
    for (const line of lines) below += type.block(line, x, below, width - 20, quiet);
    return below - y;
  });
  return y + Math.max(...heights, 0);
}

/** As somebody would set it on the paper by hand. */
function stampOf(type: Typesetter, { text, tone }: NonNullable<Paper['stamp']>, middle: number): void {
  const color = tone === 'good' ? GOOD : QUIET;
  const style: Type = { size: 15, weight: 'bold', color, spacing: 2 };
  const width = type.widthOf(text, style) + 26;
  const [x, y] = [RIGHT - width - 6, middle - 15];
  const { pdf } = type;
  pdf.save().rotate(-7, { origin: [x + width / 2, middle] });
  pdf.opacity(0.85).roundedRect(x, y, width, 30, 4).lineWidth(2).strokeColor(color).stroke();
  type.line(text, x + 1, y + 5.3, style, 'center', width);
  pdf.opacity(1).restore();
}

type Columns = { x: number; width: number }[];

const ROW_GAP = 9;

/** Figures take what the widest of them needs, and the words what is left. */
function columnsOf(type: Typesetter, { columns, rows }: Paper): Columns {
  const needed = (name: string, value: (row: PaperRow) => string, least: number) =>
    Math.max(type.widthOf(name, label), ...rows.map((row) => type.widthOf(value(row), figure)), least) + 18;
  const figures = [
    needed(columns.quantity, ({ quantity }) => quantity, 30),
    needed(columns.unitPrice, ({ unitPrice }) => unitPrice, 50),
    columns.tax === null
      ? 0
      : Math.min(
          needed(columns.tax, ({ tax }) => tax, 30),
          110,
        ),
    needed(columns.amount, ({ amount }) => amount, 60),
  ];
  let x = RIGHT;
  const placed = figures.toReversed().map((width) => {
    x -= width;
    return { x, width };
  });
  return [{ x: LEFT, width: x - LEFT - 12 }, ...placed.toReversed()];
}

function heads(type: Typesetter, { columns }: Paper, places: Columns, y: number): number {
  const names = [columns.description, columns.quantity, columns.unitPrice, columns.tax ?? '', columns.amount];
  names.forEach((name, i) => {
    type.line(name, places[i]!.x, y, label, i === 0 ? 'left' : 'right', places[i]!.width);
  });
  type.rule(y + 15, LEFT, RIGHT, INK, 1);
  return y + 15 + ROW_GAP;
}

function rowsOf(type: Typesetter, paper: Paper, places: Columns, from: number): number {
  const words = places[0]!;
  let y = heads(type, paper, places, from);
  for (const row of paper.rows) {
    const details = row.details.map((text) => type.heightOf(text, words.width, detail));
    const height = type.heightOf(row.description, words.width, plain) + details.reduce((sum, each) => sum + each, 0);
    // A row stays on one page, unless it is longer than a page.
    if (y + height > FOOT - 16 && y > TOP + 40) y = heads(type, paper, places, newPage(type));
    [row.quantity, row.unitPrice, row.tax, row.amount].forEach((text, i) => {
      const { x, width } = places[i + 1]!;
      if (width > 0) type.line(text, x, y, figure, 'right', width);
    });
    y += type.block(row.description, words.x, y, words.width, plain);
    for (const text of row.details) y += type.block(text, words.x, y, words.width, detail);
    y += ROW_GAP;
    type.rule(y - ROW_GAP / 2, LEFT, RIGHT, HAIR);
    y += ROW_GAP / 2;
  }
  return y;
}

const SUM_WIDTH = 250;

function sumsOf(type: Typesetter, { sums }: Paper, from: number): number {
  const height = sums.length * 19 + 12;
  let y = from + height > FOOT - 16 ? newPage(type) : from + 6;
  const x = RIGHT - SUM_WIDTH;
  for (const { label: name, value, strong: isStrong } of sums) {
    if (isStrong) {
      type.rule(y - 1, x, RIGHT, INK, 1);
      y += 5;
    }
    const valueType = isStrong ? strongFigure : figure;
    const valueWidth = type.widthOf(value, valueType);
    type.line(value, x, y, valueType, 'right', SUM_WIDTH);
    y += Math.max(type.block(name, x, y, SUM_WIDTH - valueWidth - 12, isStrong ? strong : quiet), 14) + 5;
  }
  return y;
}

function notesOf(type: Typesetter, { notes }: Paper, from: number): void {
  let y = from + 20;
  for (const note of notes) {
    if (y + type.heightOf(note, WIDTH, small) > FOOT - 12) y = newPage(type);
    y += type.block(note, LEFT, y, WIDTH, small) + 5;
  }
}

function newPage(type: Typesetter): number {
  type.pdf.addPage();
  return TOP;
}

/** Only at the end is it known how many pages there are. */
function feet(type: Typesetter, { foot, pageOf }: Paper): void {
  const { start, count } = type.pdf.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    type.pdf.switchToPage(start + page);
    type.rule(FOOT, LEFT, RIGHT, HAIR);
    const right = pageOf(page + 1, count);
    type.block(foot, LEFT, FOOT + 9, WIDTH - type.widthOf(right, small) - 24, small);
    type.line(right, LEFT, FOOT + 9, small, 'right', WIDTH);
  }
}
