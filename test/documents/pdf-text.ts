/** The text of each page of a PDF that we have made: every run as it was drawn, found by the fonts' own tables. */
import { inflateSync } from 'node:zlib';

export function textOf(pdf: Buffer): string[] {
  const objects = objectsOf(pdf);
  const refer = (text: string, name: string) => new RegExp(`/${name} (\\d+) 0 R`).exec(text)?.[1];
  const lettersOf = new Map<string, Map<string, string>>();
  for (const [id, { head }] of objects) {
    const map = refer(head, 'ToUnicode');
    if (map) lettersOf.set(id, lettersFrom(objects.get(map)!.stream!));
  }
  const pages = [...objects.values()].filter(({ head }) => /\/Type \/Page\b(?!s)/.test(head));
  return pages.map(({ head }) => {
    const resources = objects.get(refer(head, 'Resources')!)!.head;
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => [name!, lettersOf.get(id!)!]),
    );
    return runsIn(objects.get(refer(head, 'Contents')!)!.stream!, fonts);
  });
}

type PdfObject = { head: string; stream: string | null };

function objectsOf(pdf: Buffer): Map<string, PdfObject> {
  const text = pdf.toString('latin1');
  const found = new Map<string, PdfObject>();
  for (const match of text.matchAll(/(?:^|\n)(\d+) 0 obj\n/g)) {
    const from = match.index + match[0].length;
    const end = text.indexOf('\nendobj', from);
    const body = text.slice(from, end);
    const begin = body.indexOf('stream\n');
    const head = begin < 0 ? body : body.slice(0, begin);
    const length = Number(/\/Length (\d+)/.exec(head)?.[1] ?? 0);
    const packed = pdf.subarray(from + begin + 7, from + begin + 7 + length);
    found.set(match[1]!, { head, stream: begin < 0 ? null : unpacked(head, packed) });
  }
  return found;
}

const unpacked = (head: string, packed: Buffer): string =>
  (head.includes('FlateDecode') ? inflateSync(packed) : packed).toString('latin1');

function lettersFrom(map: string): Map<string, string> {
  const letters = new Map<string, string>();
  for (const [, from, , list] of map.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[([^\]]*)\]/gi)) {
    [...list!.matchAll(/<([0-9a-f ]*)>/gi)].forEach(([, units], i) => {
      const code = (Number.parseInt(from!, 16) + i).toString(16).padStart(4, '0');
      const bytes = Buffer.from(units!.replaceAll(' ', ''), 'hex').swap16();
      letters.set(code, bytes.toString('utf16le'));
    });
  }
  return letters;
}

/** What is drawn at one height is one line. */
function runsIn(content: string, fonts: Map<string, Map<string, string>>): string {
  let font: Map<string, string> | undefined;
  let height = '';
  let text = '';
  for (const [, name, y, shown] of content.matchAll(
    /\/(F\d+) [\d.]+ Tf|1 0 0 1 [-\d.]+ ([-\d.]+) Tm|\[([^\]]*)\] TJ/g,
  )) {
    if (name) font = fonts.get(name);
    if (y !== undefined) {
      if (y !== height) text += '\n';
      height = y;
    }
    if (shown !== undefined) {
      for (const [, codes] of shown.matchAll(/<([0-9a-f]+)>/gi)) {
        for (const code of codes!.match(/.{4}/g) ?? []) text += font?.get(code.toLowerCase()) ?? '';
      }
    }
  }
  return text;
}
