/** The mailbox, the words and looks of a tenant's mails, and to whom none are sent. */
import { z } from 'zod';
import { audit } from '../../db/audit.ts';
import {
  findSuppression,
  forgetMailTemplate,
  liftSuppression,
  listMailTemplates,
  listSuppressions,
  type MailSettings,
  readMailSettings,
  type SuppressionRow,
  suppress,
  writeMailSettings,
  writeMailTemplate,
} from '../../db/mail-settings.ts';
import { type Letter, listMails, type MailRow, openLetter, readMail } from '../../db/mails.ts';
import { inTenant } from '../../db/tenant.ts';
import { readTenant } from '../../db/tenants.ts';
import type { Language } from '../../documents/words.ts';
import { exampleOf, MESSAGES, type Message, messageNames, VARIABLES, variablesOf } from '../../mail/messages.ts';
import { checkTemplate, type Template } from '../../mail/template.ts';
import { dictionaries } from '../../mail/words/dictionary.ts';
import { letterOf } from '../../mail/write.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, route } from '../route.ts';
import {
  LANGUAGES,
  mail,
  mailFilter,
  mailId,
  preview,
  previewBody,
  settings,
  settingsBody,
  suppression,
  suppressionBody,
  suppressionId,
  template,
  templateBody,
  templateParams,
  wholeMail,
} from '../schemas/mails.ts';
import { email, listOf, page } from '../schemas.ts';

const tag = 'Mail';
const reading = { tag, who: READERS, grant: 'mails:read' } as const;
const writing = { tag, who: ADMINS, grant: 'mails:write' } as const;

const showMail = (row: MailRow, { to, subject }: Letter) => ({
  ...{ id: row.id, message: row.message, cause: row.cause, language: row.language, customerId: row.customer_id },
  ...{ subscriptionId: row.subscription_id, attachedInvoiceId: row.attached_invoice_id, state: row.state },
  ...{ reason: row.reason, to, subject, attempts: row.attempts },
  at: row.at.toISOString(),
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at?.toISOString() ?? null,
});

const list = route({
  ...reading,
  method: 'get',
  path: '/api/admin/mails',
  summary: 'List the mails to customers',
  query: page.extend(mailFilter),
  answers: { 200: { about: 'The newest first.', schema: listOf(mail, 'Mail') } },
  async handle({ parts: { db, keys }, scope, query }) {
    const { limit, cursor, customerId: customer, subscriptionId: subscription, message, state } = query;
    const filter = {
      ...{ ...(customer && { customer }), ...(subscription && { subscription }) },
      ...{ ...(message && { message }), ...(state && { state }) },
    };
    const slice = await inTenant(db, scope, async (trx) => {
      const { rows, next } = await listMails(
        trx,
        filter,
        pageOf({ ...(limit && { limit }), ...(cursor && { cursor }) }, 'id'),
      );
      const opened: { row: MailRow; letter: Letter }[] = [];
      for (const row of rows) opened.push({ row, letter: await openLetter(trx, keys, scope, row) });
      return { rows: opened, next };
    });
    return ok(listBody(slice, ({ row, letter }) => showMail(row, letter)));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/admin/mails/:id',
  summary: 'Read a mail',
  params: z.strictObject({ id: mailId }),
  answers: { 200: { about: 'As the customer reads it.', schema: wholeMail } },
  handle: ({ parts: { db, keys }, scope, params: { id } }) =>
    inTenant(db, scope, async (trx) => {
      const row = await readMail(trx, id);
      if (!row) throw notFound('mail');
      const letter = await openLetter(trx, keys, scope, row);
      return ok({ ...showMail(row, letter), html: letter.html, text: letter.text });
    }),
});

const look = route({
  ...reading,
  method: 'post',
  pure: true,
  path: '/api/admin/mails/preview',
  summary: 'See a mail before anybody is sent it',
  about: 'With examples filled in, in the looks of the tenant: of its own words, of the product’s, or of those given.',
  body: previewBody,
  answers: { 200: { about: 'What would be sent.', schema: preview } },
  async handle(call) {
    const { message, language, template: given } = call.body;
    if (given) assertSound(message, given);
    const { db } = call.parts;
    const { own, settings } = await inTenant(db, call.scope, async (trx) => ({
      own: await listMailTemplates(trx),
      settings: await readMailSettings(trx),
    }));
    const kept = own.find((row) => row.message === message && row.language === language);
    const template = given ?? kept ?? dictionaries[language].templates[message];
    const seller = settings.senderName ?? (await readTenant(db, call.scope))?.name ?? '';
    const values = { ...exampleOf(message), seller, ...(settings.manageUrl && { manageUrl: settings.manageUrl }) };
    return ok(letterOf(template, values, language, { settings, seller }, call.scope.mode));
  },
});

function assertSound(message: Message, template: Template): void {
  const errors = checkTemplate(message, template);
  const [first] = errors;
  if (first) throw new Problem(422, 'mail_template_invalid', `${first.path}: ${first.message}`, { errors });
}

const showTemplate = (message: Message, language: Language, { subject, body }: Template, own: boolean) => ({
  ...{ message, language, subject, body, own },
  variables: variablesOf(message).map((name) => ({
    ...{ name, about: VARIABLES[name].about },
    always: MESSAGES[message].always.some((each) => each === name),
  })),
});

const templates = route({
  ...reading,
  method: 'get',
  path: '/api/admin/mail-templates',
  summary: 'List the words of all mails',
  answers: { 200: { about: 'Each message in each language.', schema: listOf(template, 'MailTemplate') } },
  async handle({ parts, scope }) {
    const own = await inTenant(parts.db, scope, listMailTemplates);
    const data = messageNames.flatMap((message) =>
      LANGUAGES.map((language) => {
        const kept = own.find((row) => row.message === message && row.language === language);
        return showTemplate(message, language, kept ?? dictionaries[language].templates[message], kept !== undefined);
      }),
    );
    return ok({ data, nextCursor: null });
  },
});

const putTemplate = route({
  ...writing,
  method: 'put',
  path: '/api/admin/mail-templates/:message/:language',
  summary: 'Say a mail in words of one’s own',
  about: 'For mails that are written from now on. A variable that the message does not know is refused, and named.',
  params: templateParams,
  body: templateBody,
  answers: { 200: { about: 'It holds.', schema: template } },
  async handle({ parts, scope, principal, params: { message, language }, body }) {
    assertSound(message, body);
    await inTenant(parts.db, scope, async (trx) => {
      const at = new Date();
      await writeMailTemplate(trx, scope, { message, language, ...body }, at);
      const subject = `mail_template/${message}/${language}`;
      await audit(trx, scope, { at, by: principal.ref, action: 'mail_template.changed', subject, why: {} });
    });
    return ok(showTemplate(message, language, body, true));
  },
});

const removeTemplate = route({
  ...writing,
  method: 'delete',
  path: '/api/admin/mail-templates/:message/:language',
  summary: 'Go back to the product’s words',
  params: templateParams,
  answers: { 204: { about: 'They hold.' } },
  async handle({ parts, scope, principal, params: { message, language } }) {
    await inTenant(parts.db, scope, async (trx) => {
      if (!(await forgetMailTemplate(trx, message, language))) throw notFound('template of your own');
      const subject = `mail_template/${message}/${language}`;
      const entry = { at: new Date(), by: principal.ref, action: 'mail_template.removed', subject };
      await audit(trx, scope, { ...entry, why: {} });
    });
    return { status: 204 };
  },
});

const getSettings = route({
  ...reading,
  method: 'get',
  path: '/api/admin/mail-settings',
  summary: 'Read how mails look',
  answers: { 200: { about: 'The product’s own where nothing was said.', schema: settings } },
  handle: async ({ parts, scope }) => ok(await inTenant(parts.db, scope, readMailSettings)),
});

const putSettings = route({
  ...writing,
  method: 'put',
  path: '/api/admin/mail-settings',
  summary: 'Say how mails look',
  body: settingsBody,
  answers: { 200: { about: 'They hold for mails from now on.', schema: settings } },
  async handle({ parts, scope, principal, body }: Call<unknown, unknown, MailSettings>) {
    await inTenant(parts.db, scope, async (trx) => {
      const at = new Date();
      await writeMailSettings(trx, scope, body, at);
      const why = { accent: body.accent };
      await audit(trx, scope, {
        at,
        by: principal.ref,
        action: 'mail_settings.changed',
        subject: 'mail_settings',
        why,
      });
    });
    return ok(body);
  },
});

const showSuppression = ({ id, customer_id: customerId, reason, code, created_at }: SuppressionRow) => ({
  ...{ id, customerId, reason, code, createdAt: created_at.toISOString() },
});

const suppressions = route({
  ...reading,
  method: 'get',
  path: '/api/admin/mail-suppressions',
  summary: 'List to whom nothing is sent',
  about: 'No address is kept, only what it is recognised by: ask with one to see whether it is on the list.',
  query: page.extend({ email: email.optional() }),
  answers: { 200: { about: 'The newest first.', schema: listOf(suppression, 'MailSuppression') } },
  async handle({ parts: { db, keys }, scope, query: { email: asked, ...paging } }) {
    const slice = await inTenant(db, scope, async (trx) => {
      if (asked === undefined) return listSuppressions(trx, pageOf(paging, 'id'));
      const found = await findSuppression(trx, keys, scope, asked);
      return { rows: found ? [found] : [], next: null };
    });
    return ok(listBody(slice, showSuppression));
  },
});

const addSuppression = route({
  ...writing,
  method: 'post',
  path: '/api/admin/mail-suppressions',
  summary: 'Send nothing to an address any more',
  body: suppressionBody,
  answers: { 201: { about: 'It is on the list.', schema: suppression } },
  async handle({ parts: { db, keys }, scope, principal, body: { email: address, reason } }) {
    const row = await inTenant(db, scope, async (trx) => {
      const at = new Date();
      const kept = await suppress(trx, keys, scope, { email: address, customer: null, reason, code: null, at });
      const entry = { at, by: principal.ref, action: 'mail.suppressed', subject: kept.id };
      await audit(trx, scope, { ...entry, why: { reason } });
      return kept;
    });
    return created(showSuppression(row));
  },
});

const removeSuppression = route({
  ...writing,
  method: 'delete',
  path: '/api/admin/mail-suppressions/:id',
  summary: 'Send to an address again',
  params: z.strictObject({ id: suppressionId }),
  answers: { 204: { about: 'It is off the list. Mails that were held back meanwhile are not sent.' } },
  async handle({ parts, scope, principal, params: { id } }) {
    await inTenant(parts.db, scope, async (trx) => {
      if (!(await liftSuppression(trx, id))) throw notFound('suppression');
      const entry = { at: new Date(), by: principal.ref, action: 'mail.suppression_lifted', subject: id };
      await audit(trx, scope, { ...entry, why: {} });
    });
    return { status: 204 };
  },
});

export const mailRoutes = [
  ...[list, look, get, templates, putTemplate, removeTemplate],
  ...[getSettings, putSettings, suppressions, addSuppression, removeSuppression],
];
