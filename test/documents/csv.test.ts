import { fc, it } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Cell, csvOf, decimal } from '../../src/documents/csv.ts';

async function written(rows: Cell[][], width = rows[0]?.length ?? 1): Promise<string> {
  const columns = Array.from({ length: width }, (_, i) => ({ name: `c${i}`, value: (row: Cell[]) => row[i] ?? null }));
  let text = '';
  for await (const part of csvOf(columns, [rows])) text += part;
  return text;
}

const cell = async (value: Cell) => (await written([[value]])).slice('c0\r\n'.length, -2);

describe('a cell', () => {
  test.each<[string, Cell, string]>([
    ['a word', 'Team', 'Team'],
    ['nothing', null, ''],
    ['a comma', 'a, b', '"a, b"'],
    ['a quote', 'the "best"', '"the ""best"""'],
    ['a line end', 'a\nb', '"a\nb"'],
    ['a space at its end', 'a ', '"a "'],
    ['a number', -5, '-5'],
    ['an amount taken off', '-19.99', '-19.99'],
    ['a formula', '=1+1', "'=1+1"],
    ['a formula in disguise', '+HYPERLINK("http://evil")', '"\'+HYPERLINK(""http://evil"")"'],
    ['a sum below nothing that runs', '-1+cmd|/c calc', "'-1+cmd|/c calc"],
    ['a function of old', '@SUM(A1)', "'@SUM(A1)"],
    ['a formula after a space', ' =1', "' =1"],
    ['a formula after a tab', '\t=1', "'\t=1"],
    ['a phone number', '+49 30 1234', "'+49 30 1234"],
  ])('%s', async (_what, value, wanted) => {
    expect(await cell(value)).toBe(wanted);
  });
});

test('an amount is in the currency’s own unit', () => {
  expect(decimal(1_999, 'usd')).toBe('19.99');
  expect(decimal(-5, 'usd')).toBe('-0.05');
  expect(decimal(1_999, 'jpy')).toBe('1999');
  expect(decimal(1_999, 'kwd')).toBe('1.999');
  expect(decimal(0, 'kwd')).toBe('0.000');
  expect(decimal(Number.MAX_SAFE_INTEGER, 'usd')).toBe('90071992547409.91');
});

test('rows come as they are read, and a table of nothing has its head', async () => {
  const read: number[] = [];
  async function* batches() {
    for (const n of [1, 2, 3]) {
      read.push(n);
      yield [n];
    }
  }
  const table = csvOf([{ name: 'n', value: (n: number) => n }], batches());
  expect((await table.next()).value).toBe('n\r\n');
  expect(read).toEqual([]);
  expect((await table.next()).value).toBe('1\r\n');
  expect(read).toEqual([1]);
  expect(await written([], 2)).toBe('c0,c1\r\n');
});

/** As the RFC's grammar has it, written down a second time. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quoted && letter === '"' && text[i + 1] === '"') cell += text[i++];
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === ',' || (letter === '\r' && text[i + 1] === '\n'))) {
      rows.at(-1)!.push(cell);
      cell = '';
      if (letter === '\r') {
        rows.push([]);
        i++;
      }
    } else cell += letter;
  }
  return rows.slice(0, -1);
}

const piece = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', '+', '-', '@', ' ', 'a') }),
);

it.prop([fc.array(fc.tuple(piece, piece, piece), { maxLength: 5 })], { numRuns: 10_000 })(
  'whatever is written is read again, and no cell of words begins a formula',
  async (rows) => {
    const again = parse(await written(rows, 3)).slice(1);
    expect(
      again.map((row) => row.map((each, i) => (each === `'${rows[again.indexOf(row)]?.[i]}` ? each.slice(1) : each))),
    ).toEqual(rows.map((row) => [...row]));
    for (const each of again.flat()) expect(/^\s*[=+@-]/.test(each) && !/^-?\d+(\.\d+)?$/.test(each)).toBe(false);
  },
);
