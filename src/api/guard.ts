/**
 * Nothing that a caller says is kept where it holds what looks like a card number or a secret: the request is refused,
 * the field is named, and the value is neither kept nor said back. Before any schema, so that no shape gets around it.
 */
import { KINDS, type Kind, sensitiveIn } from '../security/sensitive.ts';
import { Problem } from './problem.ts';

/** What a field is there for, by its path with `*` for any position: the seller's own account on its invoices. */
export type MayHold = { readonly [path: string]: readonly Kind[] };

export function refuseSensitive(said: unknown, mayHold: MayHold = {}): void {
  look(said, '', '', mayHold);
}

/** Headers that we keep, or act upon: the key of an idempotent request, and all of our own. */
export function refuseSensitiveHeaders(headers: NodeJS.Dict<string | string[]>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'idempotency-key' || name.startsWith('hydra-')) look(value, name, name, {});
  }
}

function look(value: unknown, path: string, pattern: string, mayHold: MayHold): void {
  // A card number is as much one without quotes.
  if (typeof value === 'string' || typeof value === 'number') judge(String(value), path, mayHold[pattern]);
  else if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) look(each, joined(path, String(i)), joined(pattern, '*'), mayHold);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value)) {
      // A field whose very name is one is found by where it stands: its name is not said back either.
      judge(name, path || 'body', undefined, 'the name of a field in it');
      look(each, joined(path, name), joined(pattern, name), mayHold);
    }
  }
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function judge(text: string, path: string, allowed: readonly Kind[] = [], what = 'it'): void {
  const found = sensitiveIn(text).find(({ kind }) => !allowed.includes(kind));
  if (!found) return;
  const message = `${what} holds what looks like ${KINDS[found.kind]}; such data is not taken here`;
  throw new Problem(422, 'sensitive_data', `${path}: ${message}`, { errors: [{ path, message }] });
}
