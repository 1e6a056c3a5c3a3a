import type { Migration } from 'kysely';
import * as ground from './0001-ground.ts';
import * as customers from './0002-customers.ts';
import * as priceBooks from './0003-price-books.ts';
import * as subscriptions from './0004-subscriptions.ts';
import * as invoices from './0005-invoices.ts';
import * as ledger from './0006-ledger.ts';
import * as messages from './0007-messages.ts';

/** Forward only, in this order. Named here rather than found in a folder, so that a built program has them, too. */
export const migrations: Record<string, Migration> = {
  '0001-ground': ground,
  '0002-customers': customers,
  '0003-price-books': priceBooks,
  '0004-subscriptions': subscriptions,
  '0005-invoices': invoices,
  '0006-ledger': ledger,
  '0007-messages': messages,
};
