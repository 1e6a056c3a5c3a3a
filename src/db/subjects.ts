import type { CustomerId } from '../domain/ids.ts';
import type { Scope, Trx } from './tenant.ts';

/** The customer that a user acts for, if there is one. */
export async function customerOfSubject(trx: Trx, subject: string): Promise<CustomerId | null> {
  const row = await trx
    .selectFrom('customer_subjects')
    .select('customer_id')
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row?.customer_id ?? null;
}

export async function subjectsOf(trx: Trx, customers: readonly CustomerId[]): Promise<Map<CustomerId, string[]>> {
  const found = new Map<CustomerId, string[]>(customers.map((id) => [id, []]));
  if (customers.length === 0) return found;
  const rows = await trx
    .selectFrom('customer_subjects')
    .select(['customer_id', 'subject'])
    .where('customer_id', 'in', customers)
    .orderBy('created_at')
    .orderBy('subject')
    .execute();
  for (const { customer_id, subject } of rows) found.get(customer_id)?.push(subject);
  return found;
}

/** Exactly these users act for the customer from now on. A user who acts for another already stays there and is named. */
export async function mapSubjects(
  trx: Trx,
  { tenant, mode }: Scope,
  customer: CustomerId,
  subjects: readonly string[],
  at: Date,
): Promise<{ outcome: 'mapped' } | { outcome: 'taken'; subject: string }> {
  let gone = trx.deleteFrom('customer_subjects').where('customer_id', '=', customer);
  if (subjects.length > 0) gone = gone.where('subject', 'not in', subjects);
  await gone.execute();
  if (subjects.length === 0) return { outcome: 'mapped' };
  await trx
    .insertInto('customer_subjects')
    .values(subjects.map((subject) => ({ tenant_id: tenant, mode, subject, customer_id: customer, created_at: at })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const other = await trx
    .selectFrom('customer_subjects')
    .select('subject')
    .where('subject', 'in', subjects)
    .where('customer_id', '<>', customer)
    .executeTakeFirst();
  return other ? { outcome: 'taken', subject: other.subject } : { outcome: 'mapped' };
}
