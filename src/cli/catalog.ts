import type { Command } from 'commander';
import { contentHashOf } from '../db/price-books.ts';
import type { PriceBook } from '../domain/price-book.ts';
import { type BookChange, diffPriceBooks } from '../domain/price-book-diff.ts';
import { type Body, CliError, call } from './api.ts';
import { CATALOG_FILE, type CatalogProblem, readCatalog } from './catalog-file.ts';
import { dim, green, type Output, print, red, yellow } from './output.ts';

const BOOKS = '/api/admin/price-books';

export function catalogCommands(program: Command): void {
  const catalog = program.command('catalog').description('The price book as code: a file that says what is sold.');
  catalog
    .command('diff')
    .description('What the file changes. Exits with 0 where it changes nothing, with 1 where it does or is not sound.')
    .argument('[file]', 'the catalog', CATALOG_FILE)
    .option('--against <id>', 'compare with this version (pb_…), not with the one in effect')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Output & { against?: string }) => {
      const document = await soundCatalog(file, options);
      if (!document) return;
      const against = options.against ? await read(options.against) : await inEffect();
      const changes = diffPriceBooks(against?.document ?? null, document);
      const shown = { file, contentHash: contentHashOf(document), against: against && brief(against), changes };
      print(options, shown, () => [`${file} against ${versionInWords(against)}`, ...changesInWords(changes)]);
      if (changes.length > 0) process.exitCode = 1;
    });
  catalog
    .command('push')
    .description('Bring the file in as a draft, or publish it. What is there already is left as it is.')
    .argument('[file]', 'the catalog', CATALOG_FILE)
    .option('--publish', 'sell on it: it can’t be changed any more')
    .option('--effective-at <time>', 'ISO 8601: when it takes effect; at once where it is left out')
    .option('--json', 'print JSON')
    .action(async (file: string, options: Output & Publishing) => {
      if (options.effectiveAt && !options.publish) throw new CliError('--effective-at goes with --publish');
      const document = await soundCatalog(file, options);
      if (!document) return;
      const { outcome, book, changes } = await push(document, options);
      const shown = { file, outcome, contentHash: contentHashOf(document), priceBook: brief(book), changes };
      print(options, shown, () => [...changesInWords(changes), '', green(OUTCOMES[outcome](book))]);
    });
}

type Publishing = { publish?: boolean; effectiveAt?: string };
type Outcome = 'unchanged' | 'drafted' | 'published';

const OUTCOMES: Record<Outcome, (book: Body) => string> = {
  unchanged: ({ version, state, id }) => `Nothing to do: version ${version} (${id}) has this content, and is ${state}.`,
  drafted: ({ version, id }) => `Drafted as version ${version} (${id}): publish it with --publish.`,
  published: ({ version, id, effectiveAt }) =>
    `Published as version ${version} (${id}), in effect from ${effectiveAt}.`,
};

/** The same content twice is brought in once, however far the first try came. */
async function push(
  document: PriceBook,
  { publish = false, effectiveAt }: Publishing,
): Promise<{ outcome: Outcome; book: Body; changes: BookChange[] }> {
  const hash = contentHashOf(document);
  const [current, { data: newest }] = [await inEffect(), await call('GET', `${BOOKS}?limit=100`)];
  const changes = diffPriceBooks(current?.document ?? null, document);
  // What was published for a later day comes after the one in effect.
  const last = lastToTakeEffect(newest) ?? current;
  if (last?.contentHash === hash) return { outcome: 'unchanged', book: last, changes };
  const drafted = newest.find((book: Body) => book.state === 'draft' && book.contentHash === hash);
  if (drafted && !publish) return { outcome: 'unchanged', book: drafted, changes };
  const draft = drafted ?? (await call('POST', BOOKS, document));
  if (!publish) return { outcome: 'drafted', book: draft, changes };
  const body = effectiveAt ? { effectiveAt } : {};
  return { outcome: 'published', book: await call('POST', `${BOOKS}/${draft.id}/publish`, body), changes };
}

function lastToTakeEffect(books: readonly Body[]): Body | null {
  const published = books.filter(({ state }) => state === 'published');
  const order = (a: Body, b: Body) => b.effectiveAt.localeCompare(a.effectiveAt) || b.version - a.version;
  return published.sort(order)[0] ?? null;
}

/** Null where it is not sound: that was said then. */
async function soundCatalog(file: string, options: Output): Promise<PriceBook | null> {
  const read = await readCatalog(file);
  if ('document' in read) return read.document;
  const { problems } = read;
  print(options, { file, outcome: 'invalid', errors: problems }, () => problemsInWords(file, problems));
  process.exitCode = 1;
  return null;
}

const problemsInWords = (file: string, problems: readonly CatalogProblem[]): string[] => [
  red(`${file} can’t be sold on:`),
  ...problems.map(({ path, message }) => `  ${path} ${message}`),
];

const read = (id: string): Promise<Body> => call('GET', `${BOOKS}/${encodeURIComponent(id)}`);

async function inEffect(): Promise<Body | null> {
  try {
    return await call('GET', `${BOOKS}/in-effect`);
  } catch (error) {
    if (error instanceof CliError && error.code === 'no_price_book') return null;
    throw error;
  }
}

const brief = ({ id, version, state, contentHash, effectiveAt }: Body) => ({
  ...{ id, version, state, contentHash, effectiveAt },
});

const versionInWords = (book: Body | null): string =>
  book ? `version ${book.version} (${book.id}, ${book.state})` : 'nothing, as nothing is sold yet';

const SIGNS = { added: green('+'), removed: red('-'), changed: yellow('~') };

const changesInWords = (changes: readonly BookChange[]): string[] =>
  changes.length === 0
    ? [green('No differences.')]
    : changes.flatMap(({ kind, path, words }) => [`  ${SIGNS[kind]} ${words}`, dim(`      ${path}`)]);
