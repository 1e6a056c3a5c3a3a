/** Markup that is safe to show; everything else is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

type Piece = string | number | Html | readonly Html[] | null | undefined;

export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.map((text, index) => text + (index < pieces.length ? shown(pieces[index]) : '')).join(''));
}

function shown(piece: Piece): string {
  if (piece instanceof Html) return piece.text;
  if (Array.isArray(piece)) return piece.map(({ text }: Html) => text).join('');
  return String(piece ?? '').replace(/[&<>"']/g, (letter) => ENTITIES[letter]!);
}

export function document(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { max-width: 76rem; margin: 2rem auto 4rem; padding: 0 1rem; background: light-dark(#f4f6f9, #14161b) }
  h1 { font-size: 1.5rem } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem } a { color: light-dark(#4f46e5, #a5a0ff) }
  .wide { overflow-x: auto; background: light-dark(#fff, #1d2027); border: 1px solid #8883; border-radius: 10px; padding: .4rem 1rem }
  table { border-collapse: collapse; width: 100% } tbody tr:last-child td { border: 0 }
  th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8883; vertical-align: top; white-space: nowrap }
  th { font-size: .8rem; font-weight: 600; opacity: .65 } td a { text-decoration: none } code { font: .87em ui-monospace, monospace }
  button { font: inherit; padding: .5rem 1.2rem; margin-right: .6rem; cursor: pointer }
</style>
<body>${body}</body>
</html>`.text;
}
