/** How a tenant's mails look and read, and to whom nothing is written. */
import type { Selectable } from 'kysely';
import type { CustomerId, MailSuppressionId } from '../domain/ids.ts';
import { newId } from '../ids.ts';
import { blindIndex } from '../security/blind-index.ts';
import type { CustomerKeys } from './customers.ts';
import { type Page, type Slice, sliceOf } from './page.ts';
import type { MailSuppressionsTable, MailTemplatesTable } from './schema.ts';
import type { Scope, Trx } from './tenant.ts';

export type MailSettings = {
  /** Null: the tenant's own name. */
  senderName: string | null;
  accent: string;
  replyTo: string | null;
  /** Where customers see to their subscriptions: a page of the tenant's own. */
  manageUrl: string | null;
};

export const PLAIN: MailSettings = { senderName: null, accent: '#1f3a5f', replyTo: null, manageUrl: null };

export async function readMailSettings(trx: Trx): Promise<MailSettings> {
  const row = await trx.selectFrom('mail_settings').selectAll().executeTakeFirst();
  if (!row) return PLAIN;
  return { senderName: row.sender_name, accent: row.accent, replyTo: row.reply_to, manageUrl: row.manage_url };
}

export async function writeMailSettings(
  trx: Trx,
  { tenant, mode }: Scope,
  settings: MailSettings,
  at: Date,
): Promise<void> {
  const { senderName: sender_name, accent, replyTo: reply_to, manageUrl: manage_url } = settings;
  const values = { sender_name, accent, reply_to, manage_url, updated_at: at };
  await trx
    .insertInto('mail_settings')
    .values({ tenant_id: tenant, mode, ...values })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'mode']).doUpdateSet(values))
    .execute();
}

export type MailTemplateRow = Selectable<MailTemplatesTable>;

export const readMailTemplate = async (trx: Trx, message: string, language: string): Promise<MailTemplateRow | null> =>
  (await trx
    .selectFrom('mail_templates')
    .selectAll()
    .where('message', '=', message)
    .where('language', '=', language)
    .executeTakeFirst()) ?? null;

export const listMailTemplates = (trx: Trx): Promise<MailTemplateRow[]> =>
  trx.selectFrom('mail_templates').selectAll().orderBy('message').orderBy('language').execute();

type NewTemplate = { message: string; language: string; subject: string; body: string };

export async function writeMailTemplate(
  trx: Trx,
  { tenant, mode }: Scope,
  { message, language, subject, body }: NewTemplate,
  at: Date,
): Promise<void> {
  await trx
    .insertInto('mail_templates')
    .values({ tenant_id: tenant, mode, message, language, subject, body, updated_at: at })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'mode', 'message', 'language']).doUpdateSet({ subject, body, updated_at: at }),
    )
    .execute();
}

/** Back to the product's own words. False where they were those already. */
export async function forgetMailTemplate(trx: Trx, message: string, language: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('mail_templates')
    .where('message', '=', message)
    .where('language', '=', language)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export type SuppressionRow = Selectable<MailSuppressionsTable>;

export const isSuppressed = async (trx: Trx, keys: CustomerKeys, scope: Scope, email: string): Promise<boolean> =>
  (await findSuppression(trx, keys, scope, email)) !== null;

export const findSuppression = async (
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  email: string,
): Promise<SuppressionRow | null> =>
  (await trx
    .selectFrom('mail_suppressions')
    .selectAll()
    .where('email_index', '=', blindIndex(keys.blindIndexKey, scope, email))
    .executeTakeFirst()) ?? null;

type NewSuppression = {
  email: string;
  customer: CustomerId | null;
  reason: SuppressionRow['reason'];
  code: string | null;
  at: Date;
};

/** Told twice, the first reason stands. */
export async function suppress(
  trx: Trx,
  keys: CustomerKeys,
  scope: Scope,
  given: NewSuppression,
): Promise<SuppressionRow> {
  const { email, customer, reason, code, at } = given;
  await trx
    .insertInto('mail_suppressions')
    .values({
      ...{ tenant_id: scope.tenant, mode: scope.mode, id: newId('sup'), customer_id: customer, reason, code },
      ...{ email_index: blindIndex(keys.blindIndexKey, scope, email), created_at: at },
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'mode', 'email_index']).doNothing())
    .execute();
  return (await findSuppression(trx, keys, scope, email))!;
}

export async function listSuppressions(trx: Trx, page: Page): Promise<Slice<SuppressionRow>> {
  let query = trx.selectFrom('mail_suppressions').selectAll();
  if (page.after) query = query.where('id', '<', page.after as MailSuppressionId);
  return sliceOf(query.orderBy('id', 'desc'), page, ({ id }) => id);
}

export async function liftSuppression(trx: Trx, id: MailSuppressionId): Promise<boolean> {
  const { numDeletedRows } = await trx.deleteFrom('mail_suppressions').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}
