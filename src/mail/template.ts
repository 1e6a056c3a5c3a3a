/**
 * Templates are text: paragraphs between empty lines, `{{variable}}`, and `[label](someUrl)` alone in a paragraph for a
 * button. HTML and plain text are made from the same one, so they can't say different things, and nobody writes markup:
 * whatever is put in is escaped. A paragraph that names what is not known of this case is left out.
 */
import { Html, html } from './html.ts';
import { MESSAGES, type Message, type Values, type Variable, variablesOf } from './messages.ts';

export type Template = { subject: string; body: string };
export type TemplateTrouble = { path: 'subject' | 'body'; message: string };

export type Block = { kind: 'text'; lines: string[] } | { kind: 'button'; label: string; address: string };
export type Rendered = { subject: string; blocks: Block[] };

const VARIABLE = /\{\{\s*([A-Za-z]*)\s*\}\}/g;
const BUTTON = /^\[([^[\]]+)\]\(([A-Za-z]*)\)$/;

/** Everything that is wrong with it, by the name that is not known. */
export function checkTemplate(message: Message, { subject, body }: Template): TemplateTrouble[] {
  const { always } = MESSAGES[message];
  const troubles = (path: TemplateTrouble['path'], text: string): TemplateTrouble[] => [
    ...namesIn(text).flatMap((name) => unknown(path, message, name)),
    ...(/\{\{|\}\}/.test(text.replaceAll(VARIABLE, '')) ? [{ path, message: 'has braces that close nothing' }] : []),
  ];
  const paragraphs = paragraphsOf(body);
  return [
    ...troubles('subject', subject),
    ...namesIn(subject)
      .filter((name) => isKnown(message, name) && !always.some((each) => each === name))
      .map(
        (name): TemplateTrouble => ({
          path: 'subject',
          message: `{{${name}}} is not always there: only the body may name it`,
        }),
      ),
    ...(/[\r\n]/.test(subject) ? [{ path: 'subject', message: 'is one line' } as const] : []),
    ...(subject.trim() === '' ? [{ path: 'subject', message: 'is empty' } as const] : []),
    ...troubles('body', body),
    ...(paragraphs.length === 0 ? [{ path: 'body', message: 'is empty' } as const] : []),
    ...paragraphs.flatMap((paragraph) => {
      const address = BUTTON.exec(paragraph)?.[2];
      if (address === undefined) return [];
      if (isKnown(message, address) && address.endsWith('Url')) return [];
      return unknown('body', message, address, 'is no address that a button may lead to');
    }),
  ];
}

const unknown = (
  path: TemplateTrouble['path'],
  message: Message,
  name: string,
  what = 'is unknown',
): TemplateTrouble[] =>
  what === 'is unknown' && isKnown(message, name)
    ? []
    : [{ path, message: `{{${name}}} ${what}; ${message} knows ${variablesOf(message).join(', ')}` }];

const isKnown = (message: Message, name: string): name is Variable =>
  variablesOf(message).some((each) => each === name);
const namesIn = (text: string): string[] => [...text.matchAll(VARIABLE)].map(([, name]) => name!);
const paragraphsOf = (body: string): string[] =>
  body
    .replaceAll('\r\n', '\n')
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '');

export function render({ subject, body }: Template, values: Values): Rendered {
  const value = (name: string): string | null => values[name as Variable] ?? null;
  const filled = (text: string): string => text.replaceAll(VARIABLE, (_, name: string) => oneLine(value(name) ?? ''));
  const blocks = paragraphsOf(body).flatMap((paragraph): Block[] => {
    const [, label, address] = BUTTON.exec(paragraph) ?? [];
    const names = [...namesIn(paragraph), ...(address === undefined ? [] : [address])];
    if (names.some((name) => value(name) === null)) return [];
    if (label !== undefined && address !== undefined)
      return [{ kind: 'button', label: filled(label), address: value(address)! }];
    return [{ kind: 'text', lines: paragraph.split('\n').map(filled) }];
  });
  return { subject: filled(subject), blocks };
}

/** What somebody is called can't begin another line, or another header. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');

export const textOf = (blocks: readonly Block[], footer: readonly string[]): string =>
  [
    ...blocks.map((block) => (block.kind === 'text' ? block.lines.join('\n') : `${block.label}: ${block.address}`)),
    ['-- ', ...footer].join('\n'),
  ].join('\n\n');

export type Look = { language: string; seller: string; accent: string; footer: readonly string[]; test: string | null };

/** Styles stand at their elements: mail programs drop the rest. No picture, so nothing tells that it was opened. */
export function htmlOf({ subject, blocks }: Rendered, { language, seller, accent, footer, test }: Look): string {
  const bar = `background:${accent};color:${inkOn(accent)};padding:18px 28px;font-size:17px;font-weight:600`;
  const button = `display:inline-block;background:${accent};color:${inkOn(accent)};padding:11px 22px;border-radius:6px;text-decoration:none;font-weight:600`;
  return html`<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${subject}</title></head>
<body style="margin:0;background:#f3f4f6;color:#1c2430;font:16px/1.55 system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0"><tr><td align="center" style="padding:28px 12px">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="max-width:560px;background:#ffffff;border-radius:10px;overflow:hidden">
<tr><td style="${bar}">${seller}</td></tr>
<tr><td style="padding:26px 28px 12px">
${test === null ? null : html`<p style="margin:0 0 16px;font-size:13px;color:#8a5300">${test}</p>`}
${blocks.map((block) =>
  block.kind === 'text'
    ? html`<p style="margin:0 0 16px">${joined(block.lines)}</p>\n`
    : html`<p style="margin:0 0 20px"><a href="${block.address}" style="${button}">${block.label}</a></p>\n`,
)}</td></tr>
<tr><td style="padding:14px 28px 24px;border-top:1px solid #e5e7eb;font-size:13px;color:#5b6472">${joined(footer)}</td></tr>
</table></td></tr></table>
</body>
</html>
`.text;
}

const joined = (lines: readonly string[]): Html => new Html(lines.map((line) => html`${line}`.text).join('<br>\n'));

/** Black on what is light: by the relative luminance that WCAG has, so that the contrast is never below 4.5. */
export function inkOn(accent: string): '#ffffff' | '#000000' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(accent.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}
