/** Mails to customers, and how a tenant's look and read. */
import { z } from 'zod';
import type { MailId, MailSuppressionId } from '../../domain/ids.ts';
import { MESSAGES, type Message, messageNames } from '../../mail/messages.ts';
import { customerId, email, id, invoiceId, subscriptionId, time } from '../schemas.ts';
import { text } from './text.ts';

const SAMPLE = '01m7z3qyse0000000000000000';
export const mailId = id<MailId>('mail', SAMPLE);
export const suppressionId = id<MailSuppressionId>('sup', SAMPLE);

const MAIL_STATES = ['queued', 'sent', 'kept', 'unaddressed', 'suppressed', 'bounced', 'failed'] as const;
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ja'] as const;

const message = z.enum(messageNames as [Message, ...Message[]]).openapi({
  description: Object.entries(MESSAGES)
    .map(([name, { about }]) => `\`${name}\`: ${about}.`)
    .join(' '),
});
const language = z.enum(LANGUAGES);
const state = z.enum(MAIL_STATES).openapi({
  description:
    '`kept`: in the mailbox alone, where no SMTP server is configured, and in test mode. `unaddressed`: the customer has no e-mail. `bounced`: the server refuses the address; it is on the suppression list since.',
});

export const mailFilter = {
  customerId: customerId.optional(),
  subscriptionId: subscriptionId.optional(),
  message: message.optional(),
  state: state.optional(),
};

export const mail = z
  .object({
    id: mailId,
    message,
    cause: z
      .string()
      .openapi({ description: 'The business fact: there is one mail of it.', example: 'receipt/inv_…_2' }),
    language,
    customerId,
    subscriptionId: subscriptionId.nullable(),
    attachedInvoiceId: invoiceId.nullable(),
    state,
    reason: z.string().nullable(),
    to: z.string().nullable(),
    subject: z.string(),
    at: time.openapi({ description: 'When it happened that it is about.' }),
    attempts: z.int(),
    createdAt: time,
    sentAt: time.nullable(),
  })
  .openapi('Mail');

const contents = { subject: z.string(), html: z.string(), text: z.string() };
export const wholeMail = mail.extend(contents).openapi('WholeMail');

const templateText = {
  subject: text(200).openapi({ example: 'Receipt {{invoice}} from {{seller}}' }),
  body: text(10_000).openapi({
    description:
      'Paragraphs between empty lines. `{{variable}}` is filled in; a paragraph that names what is not known of a case is left out. `[label](someUrl)` alone in a paragraph is a button.',
    example: 'Hello {{name}},\n\nwe have received {{amount}}.\n\n[Pay now](payUrl)',
  }),
};

export const templateParams = z.strictObject({ message, language });
export const templateBody = z.strictObject(templateText).openapi('MailTemplatePut');
export const template = z
  .object({
    ...{ message, language, ...templateText },
    own: z.boolean().openapi({ description: 'The tenant’s own words; false: the product’s.' }),
    variables: z.array(z.object({ name: z.string(), about: z.string(), always: z.boolean() })),
  })
  .openapi('MailTemplate');

export const previewBody = z
  .strictObject({ message, language: language.default('en'), template: templateBody.optional() })
  .openapi('MailPreviewAsk');
export const preview = z.object(contents).openapi('MailPreview');

export const settingsBody = z
  .strictObject({
    senderName: text(120).nullable().default(null).openapi({ description: 'Null: the tenant’s name.' }),
    accent: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, 'a colour such as #1f3a5f')
      .transform((colour) => colour.toLowerCase())
      .openapi({
        example: '#1f3a5f',
        description: 'Of the head and the buttons; what is written on it is light or dark by contrast.',
      }),
    replyTo: email.nullable().default(null),
    manageUrl: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .nullable()
      .default(null)
      .openapi({ description: 'Where customers see to their subscriptions: a page of yours.' }),
  })
  .openapi('MailSettingsPut');
export const settings = settingsBody.openapi('MailSettings');

const reason = z.enum(['bounced', 'complained', 'asked']);
export const suppressionBody = z
  .strictObject({ email, reason: reason.exclude(['bounced']).default('asked') })
  .openapi('MailSuppressionCreate');
export const suppression = z
  .object({
    id: suppressionId,
    customerId: customerId.nullable().openapi({ description: 'To whom a mail came back.' }),
    reason,
    code: z.string().nullable().openapi({ description: 'What the server said.', example: '550' }),
    createdAt: time,
  })
  .openapi('MailSuppression');
