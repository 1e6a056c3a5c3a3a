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
  body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
  h2 { margin-top: 2rem; font-size: 1.1rem }
  .wide { overflow-x: auto }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top }
  code { font: .9em ui-monospace, monospace }
  button { font: inherit; padding: .5rem 1.2rem; margin-right: .6rem; cursor: pointer }
</style>
<body>${body}</body>
</html>`.text;
}
