/** A catalog kept as code: `billing.config.ts`, or plain JavaScript or JSON. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { problemOf } from '../api/errors.ts';
import { priceBookDocument } from '../api/schemas.ts';
import type { PriceBook } from '../domain/price-book.ts';
import { checkPriceBook } from '../domain/price-book-check.ts';
import { CliError } from './api.ts';

export const CATALOG_FILE = 'billing.config.ts';

export type CatalogProblem = { path: string; message: string };
export type Catalog = { document: PriceBook } | { problems: CatalogProblem[] };

/** By the same schema and the same rules as the API, so what is sound here is taken there. */
export async function readCatalog(file: string): Promise<Catalog> {
  const path = resolve(file);
  if (!existsSync(path)) throw new CliError(`${file}: there is no such file`);
  const given = await load(file, path);
  const parsed = priceBookDocument.safeParse(given);
  const problems = parsed.success ? checkPriceBook(parsed.data) : (problemOf(parsed.error).errors ?? []);
  if (parsed.success && problems.length === 0) return { document: parsed.data };
  return { problems: problems.map(({ path, message }) => ({ path: named(path, given), message })) };
}

async function load(file: string, path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8'));
    return defaultOf(await tsImport(pathToFileURL(path).href, import.meta.url));
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\nRequire stack:');
    const hint = /Cannot find (package|module) 'hydra-billing'/.test(why!)
      ? '\nInstall hydra-billing beside it, or export the plain object.'
      : '';
    throw new CliError(`${file} could not be loaded: ${why}${hint}`);
  }
}

/** In a folder whose modules are CommonJS the default export lies one level deeper. */
function defaultOf(module: { default?: unknown }): unknown {
  const isNested = typeof module.default === 'object' && module.default !== null && '__esModule' in module.default;
  const found = isNested ? (module.default as { default?: unknown }).default : module.default;
  if (found === undefined) throw new Error('it has no default export');
  return found;
}

/** Places are counted, and people know plans by their ids: `plans.4.prices.0` is `plans.4 (business).prices.0`. */
function named(path: string, given: unknown): string {
  let here = given;
  return path
    .split('.')
    .map((part) => {
      here = (here as Record<string, unknown> | undefined)?.[part];
      const isItem = /^\d+$/.test(part) && typeof here === 'object' && here !== null;
      const { id, currency } = (isItem ? here : {}) as { id?: unknown; currency?: unknown };
      const name = id ?? currency;
      return typeof name === 'string' ? `${part} (${name})` : part;
    })
    .join('.');
}
