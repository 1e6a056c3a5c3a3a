import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { inTenant } from '../../src/db/tenant.ts';
import { draft, START, subscribe } from '../domain/builders.ts';
import { addCustomer, OTHER, SCOPE, step, useDatabase } from './support.ts';

const database = useDatabase();

beforeAll(async () => {
  await commit(database.db, step(draft({ ...SCOPE, id: 'sub_1', customer: 'cus_1' }), [subscribe(), START]));
  await inTenant(database.db, OTHER, (trx) => addCustomer(trx, OTHER, 'cus_others'));
});

const own = `'${SCOPE.tenant}', '${SCOPE.mode}'`;

const invoice = (id: string, subscription: string, customer: string) => `
  insert into invoices (tenant_id, mode, id, subscription_id, customer_id, state, currency, subtotal, discount, tax,
    tax_included, total, credit_applied, amount_due, amount_paid, collect, issued_at, due_at, finalise_at, draft_lines)
  values (${own}, '${id}', ${subscription}, '${customer}', 'draft', 'usd', 0, 0, 0, 0, 0, 0, 0, 0, 'charge', now(), now(), now(), '[]')`;

const line = (id: string) => `
  insert into invoice_lines (tenant_id, mode, invoice_id, ordinal, description, quantity, unit_price, amount, discount,
    discounts, tax, taxes, tax_category, tax_inclusive, carried)
  values (${own}, '${id}', 0, 'x', 1, '1', 1, 0, '[]', 0, '[]', 'standard', false, false)`;

const write = (statement: string) =>
  inTenant(database.db, SCOPE, async (trx) => {
    await sql.raw(statement).execute(trx);
  });

describe('what is written in bulk refers to what is there', () => {
  it.each([
    [
      'an invoice of a subscription that is not there',
      invoice('inv_a', `'sub_none'`, 'cus_1'),
      /subscription_id sub_none/,
    ],
    ['an invoice of a customer that is not there', invoice('inv_b', `'sub_1'`, 'cus_none'), /customer_id cus_none/],
    ["an invoice of another tenant's customer", invoice('inv_c', `'sub_1'`, 'cus_others'), /customer_id cus_others/],
    ['a line of an invoice that is not there', line('inv_none'), /invoice_id inv_none/],
  ])('%s is refused', async (_what, statement, reason) => {
    const refused = write(statement);
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toMatchObject({ code: '23503' });
  });

  it('and is taken where it does', async () => {
    await write(invoice('inv_d', `'sub_1'`, 'cus_1'));
    await write(line('inv_d'));
  });
});
