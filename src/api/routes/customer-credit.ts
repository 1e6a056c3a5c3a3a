/** Credit of a customer: given, taken back, and looked at. Invoices use it up by themselves. */
import { z } from 'zod';
import { type CreditChange, type CreditEntry, changeCredit, creditEntries, fundsOf } from '../../db/credit-changes.ts';
import { customerExists } from '../../db/customer-list.ts';
import { inTenant } from '../../db/tenant.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { formatMoney, type Money } from '../../domain/money.ts';
import { nowOf } from '../catalog.ts';
import { Refused } from '../once.ts';
import { listBody, pageOf } from '../paging.ts';
import { badField, notFound } from '../problem.ts';
import { type Call, created, ok, type Reply, route } from '../route.ts';
import { credit, creditChange, creditChanged, ownCredit, unappliedCash } from '../schemas/credit.ts';
import { currency, customerId, page } from '../schemas.ts';

const who = ['finance', 'admin', 'owner', 'service'] as const;
const reading = { tag: 'Customer credit', who: ['support', ...who], grant: 'ledger:read' } as const;
const writing = { tag: 'Customer credit', who, grant: 'ledger:write' } as const;
const params = z.strictObject({ id: customerId });

/** Why there was not enough, in the words of each way. */
const SHORT = {
  granted: { code: 'credit_too_small', of: 'credit' },
  withdrawn: { code: 'credit_too_small', of: 'credit' },
  from_unapplied_cash: { code: 'unapplied_cash_too_small', of: 'unapplied cash' },
} as const;

async function changed(
  call: Call,
  customer: CustomerId,
  kind: CreditChange['kind'],
  { amount: money, reason }: { amount: Money; reason?: string | undefined },
): Promise<Reply> {
  const { amount, currency } = money;
  const done = await inTenant(call.parts.db, call.scope, async (trx) => {
    if (!(await customerExists(trx, customer))) throw notFound('customer');
    return changeCredit(trx, call.parts.keys, call.scope, {
      ...{ key: `credit/${call.request}`, kind, customer, amount, currency, reason: reason ?? null },
      ...{ by: call.principal.ref, at: await nowOf(trx, customer) },
    });
  });
  if (done.outcome === 'too_much') {
    const { code, of } = SHORT[kind];
    const there = formatMoney({ amount: done.available, currency });
    const detail = `amount is ${formatMoney(money)}, and there is ${there} of ${of}`;
    throw new Refused({ code, detail, path: 'amount' });
  }
  return created({ customerId: customer, amount: money, credit: { amount: done.credit, currency } });
}

const grant = route({
  ...writing,
  method: 'post',
  path: '/api/admin/customers/:id/credit',
  summary: 'Give a customer credit',
  about: 'For nothing: it is an expense from now on, and the next invoices use it up.',
  params,
  body: creditChange,
  answers: { 201: { about: 'With what is there now.', schema: creditChanged } },
  handle: (call) => changed(call, call.params.id, 'granted', call.body),
});

const withdraw = route({
  ...writing,
  method: 'post',
  path: '/api/admin/customers/:id/credit/withdraw',
  summary: 'Take credit back',
  about: 'No more than is there.',
  params,
  body: creditChange,
  answers: { 201: { about: 'With what is there now.', schema: creditChanged } },
  handle: (call) => changed(call, call.params.id, 'withdrawn', call.body),
});

const apply = route({
  ...writing,
  method: 'post',
  path: '/api/admin/customers/:id/unapplied-cash/apply',
  summary: 'Turn unapplied cash into credit',
  about: 'Money that came twice, or for an invoice that was taken back: from then on invoices use it up.',
  params,
  body: unappliedCash,
  answers: { 201: { about: 'With the credit that is there now.', schema: creditChanged } },
  handle: (call) => changed(call, call.params.id, 'from_unapplied_cash', call.body),
});

const statement = route({
  ...reading,
  method: 'get',
  path: '/api/admin/customers/:id/credit',
  summary: 'A customer’s credit, entry by entry',
  params,
  query: page.extend({ currency: currency.optional() }),
  answers: { 200: { about: 'The newest entry first.', schema: credit } },
  handle: ({ parts, scope, params: { id }, query: { currency: only, ...paging } }) =>
    inTenant(parts.db, scope, async (trx) => {
      if (!(await customerExists(trx, id))) throw notFound('customer');
      const funds = await fundsOf(trx, id);
      const wanted = { customer: id, currency: only };
      const slice = await creditEntries(trx, parts.keys, scope, wanted, pageOf(paging, 'number'));
      return ok({ customerId: id, ...funds, ...listBody(slice, showEntry) });
    }),
});

const own = route({
  tag: 'Customer credit',
  who: ['customer', 'support', ...who],
  grant: 'ledger:read',
  actsOnCustomer: true,
  method: 'get',
  path: '/api/billing/credit',
  summary: 'What the next invoices will use up',
  answers: { 200: { about: 'In each currency.', schema: ownCredit } },
  async handle({ parts, scope, customer }) {
    if (!customer) throw badField('Hydra-Customer', 'name the customer in this header', 'customer_required');
    const funds = await inTenant(parts.db, scope, (trx) => fundsOf(trx, customer));
    return ok({ credit: funds.credit });
  },
});

const showEntry = ({ id, kind, at, amount, currency, subscription, by, reason }: CreditEntry) => ({
  ...{ id, kind, at: at.toISOString(), amount: { amount, currency }, subscriptionId: subscription, by, reason },
});

export const customerCreditRoutes = [statement, grant, withdraw, apply, own];
