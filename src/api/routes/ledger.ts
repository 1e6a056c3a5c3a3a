import { z } from 'zod';
import { balancesAt, listAccounts, listEntries, readTransaction } from '../../db/books.ts';
import { causesOf } from '../../db/reports/causes.ts';
import { inTenant } from '../../db/tenant.ts';
import { type AccountCode, chart } from '../../domain/ledger.ts';
import { addDays, instantOf, isDay } from '../../domain/time.ts';
import { tenantZone } from '../calendar.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound } from '../problem.ts';
import { type Call, ok, route } from '../route.ts';
import { ledgerTransaction, transactionId } from '../schemas/ledger-transactions.ts';
import { day } from '../schemas/text.ts';
import {
  customerId,
  instant,
  invoiceId,
  ledgerAccount,
  ledgerEntry,
  listOf,
  page,
  subscriptionId,
  text,
  trialBalance,
} from '../schemas.ts';
import { showAccount, showEntry, showTransaction } from '../show.ts';

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
  about:
    'What a balance is made of: by account and owner (a customer, a jurisdiction, a product), by what it is about, and by time, the end left out.',
  query: page.extend({
    account: account.optional(),
    owner: text(255).optional(),
    customerId: customerId.optional(),
    subscriptionId: subscriptionId.optional(),
    invoiceId: invoiceId.optional(),
    transactionId: transactionId.optional(),
    from: instant.optional(),
    to: instant.optional(),
  }),
  answers: { 200: { about: 'The newest first.', schema: listOf(ledgerEntry, 'LedgerEntry') } },
  async handle({ parts, scope, query }) {
    const { account: code, customerId: customer, owner = customer, from, to, ...rest } = query;
    if (customer && owner !== customer) throw badField('owner', `is ${owner}, and customerId is ${customer}`);
    const { subscriptionId: subscription, invoiceId: invoice, transactionId: transaction, ...paging } = rest;
    const filter = {
      ...(code && { code }),
      ...(owner && { owner }),
      ...(subscription && { subscription }),
      ...(invoice && { invoice }),
      ...(transaction && { transaction }),
      ...(from && { from: new Date(from) }),
      ...(to && { to: new Date(to) }),
    };
    const slice = await inTenant(parts.db, scope, (trx) => listEntries(trx, filter, pageOf(paging, 'number')));
    return ok(listBody(slice, showEntry));
  },
});

const transaction = route({
  ...reading,
  method: 'get',
  path: '/api/admin/ledger/transactions/:id',
  summary: 'Read a transaction with its cause',
  about:
    'All its entries, and what made it: the invoice, payment or refund that it is about, and the decision that asked for it.',
  params: z.strictObject({ id: transactionId }),
  answers: { 200: { about: 'Its entries come to zero.', schema: ledgerTransaction } },
  async handle({ parts, scope, params: { id } }) {
    const found = await inTenant(parts.db, scope, async (trx) => {
      const row = await readTransaction(trx, id);
      return row && { row, causes: await causesOf(trx, row) };
    });
    if (!found) throw notFound('transaction');
    return ok(showTransaction(found.row, found.causes));
  },
});

const balance = route({
  ...reading,
  method: 'get',
  path: '/api/admin/ledger/trial-balance',
  summary: 'The trial balance',
  query: z.strictObject({
    at: z
      .union([instant, day])
      .optional()
      .openapi({ description: 'A moment, or the end of a day by the tenant’s calendar.' }),
  }),
  answers: { 200: { about: 'Per currency; debits and credits are equal.', schema: trialBalance } },
  async handle(call) {
    const { parts, scope, query } = call;
    const moment = query.at === undefined ? null : await momentOf(call, query.at);
    const rows = await inTenant(parts.db, scope, (trx) => balancesAt(trx, moment));
    const currencies = [...new Set(rows.map(({ currency }) => currency))].map((currency) => {
      const own = rows.filter((row) => row.currency === currency);
      return {
        currency,
        accounts: own.map(({ code, debit, credit }) => ({ account: code, debit, credit, balance: debit - credit })),
        balanced: own.reduce((sum, { debit, credit }) => sum + debit - credit, 0) === 0,
      };
    });
    return ok({ at: (moment ?? new Date()).toISOString(), currencies });
  },
});

/** A day counts to its end, by the tenant's calendar. */
async function momentOf(call: Pick<Call, 'parts' | 'scope'>, at: string): Promise<Date> {
  return isDay(at) ? new Date(instantOf(addDays(at, 1), await tenantZone(call)) - 1) : new Date(at);
}

export const ledgerRoutes = [accounts, entries, transaction, balance];
