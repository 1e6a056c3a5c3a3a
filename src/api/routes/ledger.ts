import { z } from 'zod';
import { balancesAt, listAccounts, listEntries } from '../../db/books.ts';
import { inTenant } from '../../db/tenant.ts';
import { type AccountCode, chart } from '../../domain/ledger.ts';
import { listBody, pageOf } from '../paging.ts';
import { ok, route } from '../route.ts';
import {
  customerId,
  instant,
  ledgerAccount,
  ledgerEntry,
  listOf,
  page,
  subscriptionId,
  trialBalance,
} from '../schemas.ts';
import { showAccount, showEntry } from '../show.ts';

const reading = { tag: 'Ledger', who: ['finance', 'admin', 'owner', 'service'], grant: 'ledger:read' } as const;
const account = z.enum(Object.keys(chart) as [AccountCode, ...AccountCode[]]);

const accounts = route({
  ...reading,
  method: 'get',
  path: '/api/admin/ledger/accounts',
  summary: 'List accounts with their balances',
  query: page.extend({ account: account.optional(), customerId: customerId.optional() }),
  answers: { 200: { about: 'In the order of their opening.', schema: listOf(ledgerAccount, 'LedgerAccount') } },
  async handle({ parts, scope, query: { account: code, customerId: customer, ...paging } }) {
    const filter = { ...(code && { code }), ...(customer && { customer }) };
    const slice = await inTenant(parts.db, scope, (trx) => listAccounts(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, showAccount));
  },
});

const entries = route({
  ...reading,
  method: 'get',
  path: '/api/admin/ledger/entries',
  summary: 'List entries',
  query: page.extend({
    account: account.optional(),
    customerId: customerId.optional(),
    subscriptionId: subscriptionId.optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(ledgerEntry, 'LedgerEntry') } },
  async handle({ parts, scope, query }) {
    const { account: code, customerId: customer, subscriptionId: subscription, ...paging } = query;
    const filter = { ...(code && { code }), ...(customer && { customer }), ...(subscription && { subscription }) };
    const slice = await inTenant(parts.db, scope, (trx) => listEntries(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, showEntry));
  },
});

const balance = route({
  ...reading,
  method: 'get',
  path: '/api/admin/ledger/trial-balance',
  summary: 'The trial balance',
  query: z.strictObject({ at: instant.optional() }),
  answers: { 200: { about: 'Per currency; debits and credits are equal.', schema: trialBalance } },
  async handle({ parts, scope, query: { at } }) {
    const rows = await inTenant(parts.db, scope, (trx) => balancesAt(trx, at === undefined ? null : new Date(at)));
    const currencies = [...new Set(rows.map(({ currency }) => currency))].map((currency) => {
      const own = rows.filter((row) => row.currency === currency);
      return {
        currency,
        accounts: own.map(({ code, debit, credit }) => ({ account: code, debit, credit, balance: debit - credit })),
        balanced: own.reduce((sum, { debit, credit }) => sum + debit - credit, 0) === 0,
      };
    });
    return ok({ at: (at === undefined ? new Date() : new Date(at)).toISOString(), currencies });
  },
});

export const ledgerRoutes = [accounts, entries, balance];
