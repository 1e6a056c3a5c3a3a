/** The mailbox: what customers are written, sealed under their own key, and what became of it. */
import { type Selectable, sql } from 'kysely';
import type { CustomerId, InvoiceId, MailId, Mode, SubscriptionId, TenantId } from '../domain/ids.ts';
import { newId } from '../ids.ts';
import { seal, unseal } from '../security/seal.ts';
import type { Db } from './client.ts';
import { customerFields } from './customer-key.ts';
import type { CustomerKeys } from './customers.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { MailState, MailsTable } from './schema.ts';
import { inRole, type Scope, type Trx } from './tenant.ts';

export type MailRow = Selectable<MailsTable>;
/** Who it is for, and what they read. */
export type Letter = { to: string | null; subject: string; html: string; text: string };

export type NewMail = {
  cause: string;
  message: string;
  language: string;
  customer: CustomerId;
  subscription: SubscriptionId | null;
  attachedInvoice: InvoiceId | null;
  state: Extract<MailState, 'queued' | 'kept' | 'unaddressed' | 'suppressed'>;
  letter: Letter;
  at: Date;
};

const place = ({ tenant }: { tenant: string }, id: MailId) => ({ tenant, table: 'mails', column: 'sealed', row: id });

export const isWritten = async (trx: Trx, cause: string): Promise<boolean> =>
  (await trx.selectFrom('mails').select('id').where('cause', '=', cause).executeTakeFirst()) !== undefined;

/** Null where its cause has a mail already. */
export async function writeMail(trx: Trx, keys: CustomerKeys, scope: Scope, mail: NewMail): Promise<MailId | null> {
  const id = newId('mail');
  const fields = await customerFields(trx, keys, scope, mail.customer);
  const row = await trx
    .insertInto('mails')
    .values({
      tenant_id: scope.tenant,
      mode: scope.mode,
      id,
      cause: mail.cause,
      message: mail.message,
      language: mail.language,
      customer_id: mail.customer,
      subscription_id: mail.subscription,
      attached_invoice_id: mail.attachedInvoice,
      state: mail.state,
      sealed: seal(fields.ring, JSON.stringify(mail.letter), place(fields, id)),
      at: mail.at,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'mode', 'cause']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return row?.id ?? null;
}

export async function openLetter(trx: Trx, keys: CustomerKeys, scope: Scope, row: MailRow): Promise<Letter> {
  const fields = await customerFields(trx, keys, scope, row.customer_id);
  return JSON.parse(unseal(fields.ring, row.sealed, place(fields, row.id)).toString()) as Letter;
}

export const readMail = async (trx: Trx, id: MailId): Promise<MailRow | null> =>
  (await trx.selectFrom('mails').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;

export type MailFilter = { customer?: CustomerId; subscription?: SubscriptionId; message?: string; state?: MailState };

export async function listMails(
  trx: Trx,
  { customer, subscription, message, state }: MailFilter,
  page: Page,
): Promise<Slice<MailRow>> {
  let query = trx.selectFrom('mails').selectAll();
  if (customer) query = query.where('customer_id', '=', customer);
  if (subscription) query = query.where('subscription_id', '=', subscription);
  if (message) query = query.where('message', '=', message);
  if (state) query = query.where('state', '=', state);
  if (page.after) query = query.where('id', '<', page.after as MailId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

export type MailRef = { tenant: TenantId; mode: Mode; id: MailId; attempts: number; createdAt: Date };

/** Those that are due, of all tenants; nobody else takes them while the lease holds. */
export const leaseMails = (db: Db, limit: number, leaseMs: number): Promise<MailRef[]> =>
  inRole(db, 'hydra_relay', async (trx) => {
    const { rows } = await sql<MailRef>`
      update mails set attempts = attempts + 1,
        leased_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})
      where (tenant_id, mode, id) in (
        select tenant_id, mode, id from mails
        where state = 'queued' and next_try_at <= clock_timestamp()
          and (leased_until is null or leased_until < clock_timestamp())
        order by next_try_at limit ${limit} for update skip locked)
      returning tenant_id as tenant, mode, id, attempts, created_at as "createdAt"`.execute(trx);
    return rows;
  });

export async function markSent(trx: Trx, id: MailId): Promise<void> {
  await trx
    .updateTable('mails')
    .set({ state: 'sent', sent_at: sql`clock_timestamp()`, leased_until: null, reason: null })
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .execute();
}

/** It won't be sent: `reason` is a code or a short sentence of ours. */
export async function markOver(
  trx: Trx,
  id: MailId,
  state: Extract<MailState, 'suppressed' | 'bounced' | 'failed'>,
  reason: string,
): Promise<void> {
  await trx
    .updateTable('mails')
    .set({ state, reason, leased_until: null })
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .execute();
}

export async function tryLater(trx: Trx, id: MailId, inMs: number, reason: string): Promise<void> {
  await trx
    .updateTable('mails')
    .set({
      next_try_at: sql`clock_timestamp() + make_interval(secs => ${inMs / 1_000})`,
      leased_until: null,
      reason,
    })
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .execute();
}
