/**
 * The environment, parsed once. What is missing or malformed is named all at once at the start, and no value is ever
 * printed: most of them are secrets. `X_FILE` names a file that holds the value of `X`, as container secrets do.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Mode } from './domain/ids.ts';
import { KEY_BYTES, KeyRingError, parseKeyRing } from './security/key-ring.ts';

type Variable<Schema extends z.ZodType> = {
  group: string;
  about: string;
  schema: Schema;
  /** `always`: nothing works without it. `production`: development has a default. */
  required?: 'always' | 'production';
  /** What development uses, and where `required` isn't set, production as well. */
  fallback?: string;
  example?: string;
};

const variable = <const Given extends Variable<z.ZodType>>(given: Given): Given => given;

const url = (protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `an address beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });
const http = url(['http:', 'https:']);
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'a port number');
const count = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, 'a whole number from 1')
  .transform(Number);
const text = z.string().min(1);
const key = z.string().transform((value, context) => {
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : Buffer.alloc(0);
  if (bytes.length === KEY_BYTES) return bytes;
  context.addIssue({ code: 'custom', message: `${KEY_BYTES} bytes in base64` });
  return z.NEVER;
});
const ring = z.string().transform((value, context) => {
  try {
    return parseKeyRing(value);
  } catch (error) {
    if (!(error instanceof KeyRingError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** A secret belongs to one endpoint, and so to one mode. Null: to the only mode there is. */
export type WebhookSecret = { mode: Mode | null; secret: string };
const WEBHOOK_SECRET = /^(?:(test|live):)?(whsec_\S+)$/;
const readSecret = (text: string): WebhookSecret => {
  const [, mode, secret = ''] = WEBHOOK_SECRET.exec(text) ?? [];
  return { mode: (mode as Mode | undefined) ?? null, secret };
};

const POSTGRES = 'Postgres';
const TEMPORAL = 'Temporal (the SDK reads its other standard variables as well: TEMPORAL_API_KEY, TEMPORAL_TLS_…)';
const AUTH = 'Who may: tokens of your own users. One of the first two is needed';
const KEYS = 'Keys, each 32 random bytes in base64 and none derived from another: openssl rand -base64 32';
const STRIPE = 'Stripe: the default account. Without a key there is none';
const PAYPAL = 'PayPal: the default account';
const TAXES =
  'Taxes. Without these the table that comes with the product says the rates, and tax ids are checked by their form';
const MAIL = 'Mail to customers';
const OTHERS = 'Everything else';

export const variables = {
  DATABASE_URL: variable({
    group: POSTGRES,
    about: 'Where the books are kept. Its user owns the tables and may create roles.',
    schema: url(['postgres:', 'postgresql:']),
    required: 'always',
    example: 'postgres://hydra:…@127.0.0.1:5432/hydra',
  }),
  DATABASE_POOL: variable({
    group: POSTGRES,
    about: 'Connections of each process, at most.',
    schema: count,
    fallback: '10',
  }),
  TEMPORAL_ADDRESS: variable({
    group: TEMPORAL,
    about: 'The frontend.',
    schema: z.string().regex(/^[^\s/]+:\d{1,5}$/, 'host:port'),
    required: 'production',
    fallback: '127.0.0.1:7233',
  }),
  TEMPORAL_NAMESPACE: variable({
    group: TEMPORAL,
    about: 'Where live subscriptions run.',
    schema: text,
    required: 'production',
    fallback: 'hydra-live',
  }),
  TEMPORAL_TEST_NAMESPACE: variable({
    group: TEMPORAL,
    about:
      'Where test subscriptions run and clocks work. Without it production has no test mode; development uses hydra-test.',
    schema: text,
    example: 'hydra-test',
  }),
  TEMPORAL_TASK_QUEUE: variable({
    group: TEMPORAL,
    about: 'Where workers and API meet. Only needs a value where two products share a namespace.',
    schema: text,
    fallback: 'subscriptions',
  }),
  TEMPORAL_UI_URL: variable({
    group: TEMPORAL,
    about: 'Where its UI is, for people: the console links to a subscription’s run in it.',
    schema: http,
    example: 'http://127.0.0.1:8233',
  }),
  TEMPORAL_WORKFLOW_BUNDLE: variable({
    group: TEMPORAL,
    about:
      'The workflows as the build made them. Without it the worker takes the build’s own, or makes them at its start.',
    schema: text,
    example: 'dist/workflow-bundle.js',
  }),
  AUTH_JWKS_URL: variable({
    group: AUTH,
    about: 'The public keys of your identity provider (RS256, ES256, EdDSA).',
    schema: http,
    example: 'https://login.example.com/.well-known/jwks.json',
  }),
  AUTH_JWT_SECRET: variable({
    group: AUTH,
    about: 'Or a secret shared with your application (HS256): 32 characters or more, used as they are.',
    schema: z.string().min(32, 'at least 32 characters'),
  }),
  AUTH_ISSUER: variable({ group: AUTH, about: 'The `iss` that a token must have.', schema: text, fallback: 'hydra' }),
  AUTH_AUDIENCE: variable({
    group: AUTH,
    about: 'The `aud` that a token must have.',
    schema: text,
    fallback: 'hydra-billing',
  }),
  ENCRYPTION_KEYS: variable({
    group: KEYS,
    about: 'A ring, id:key,id:key: the first seals, all of them open. Names and e-mails are under it.',
    schema: ring,
    required: 'always',
    example: '2027a:…',
  }),
  BLIND_INDEX_KEY: variable({
    group: KEYS,
    about: 'E-mails are found again by it.',
    schema: key,
    required: 'always',
  }),
  ANCHOR_KEY: variable({
    group: KEYS,
    about: 'Hides the hardware anchors of licences.',
    schema: key,
    required: 'always',
  }),
  LICENSE_SIGNING_KEY: variable({ group: KEYS, about: 'Signs licences.', schema: key, required: 'always' }),
  AUDIT_SIGNING_KEY: variable({
    group: KEYS,
    about: 'Signs checkpoints of the audit log.',
    schema: key,
    required: 'always',
  }),
  LINK_SIGNING_KEY: variable({ group: KEYS, about: 'Signs links in mails.', schema: key, required: 'always' }),
  INBOX_KEYS: variable({
    group: KEYS,
    about:
      'A ring as well. Seals what processors have told us, so that a replay can be trusted without the original. Without it a key is made from each of ENCRYPTION_KEYS, which rotates with them.',
    schema: ring,
    example: '2027a:…',
  }),
  STRIPE_API_KEY: variable({
    group: STRIPE,
    about: 'A secret or restricted key; two, comma-separated, for test and live.',
    schema: list.refine(
      (keys) => keys.length > 0 && keys.every((each) => /^(sk|rk)_(test|live)_\S+$/.test(each)),
      'keys beginning with sk_test_, sk_live_, rk_test_ or rk_live_',
    ),
    example: 'rk_test_…',
  }),
  STRIPE_WEBHOOK_SECRET: variable({
    group: STRIPE,
    about:
      'The signing secret of the webhook endpoint; several, comma-separated, while it is being rolled. With keys of both modes each says its own: test:whsec_…,live:whsec_….',
    schema: list
      .refine(
        (secrets) => secrets.length > 0 && secrets.every((each) => WEBHOOK_SECRET.test(each)),
        'secrets beginning with whsec_, test:whsec_ or live:whsec_',
      )
      .transform((secrets) => secrets.map(readSecret)),
    example: 'whsec_…',
  }),
  STRIPE_PUBLISHABLE_KEY: variable({
    group: STRIPE,
    about: 'For the browser.',
    schema: z.string().regex(/^pk_(test|live)_\S+$/, 'a key beginning with pk_test_ or pk_live_'),
    example: 'pk_test_…',
  }),
  STRIPE_API_BASE: variable({
    group: STRIPE,
    about: 'Another address than Stripe’s own: the simulator’s.',
    schema: http,
    example: 'http://127.0.0.1:12111',
  }),
  PAYPAL_CLIENT_ID: variable({ group: PAYPAL, about: 'Of the REST application.', schema: text }),
  PAYPAL_CLIENT_SECRET: variable({ group: PAYPAL, about: 'Of the REST application.', schema: text }),
  PAYPAL_WEBHOOK_ID: variable({
    group: PAYPAL,
    about: 'Of the webhook: its deliveries are signed for it alone.',
    schema: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'letters, digits and dashes'),
    example: 'WH-…',
  }),
  PAYPAL_API_BASE: variable({
    group: PAYPAL,
    about:
      'Live money: https://api-m.paypal.com. Without it the sandbox, https://api-m.sandbox.paypal.com; in development the simulator’s address, too.',
    schema: http,
    example: 'https://api-m.paypal.com',
  }),
  TAX_CALCULATOR_URL: variable({
    group: TAXES,
    about: 'A service that says which taxes hold, as docs/taxes.md has it.',
    schema: http,
    example: 'https://taxes.example.com/rules',
  }),
  VAT_ID_CHECK_URL: variable({
    group: TAXES,
    about: 'A service that knows which VAT ids were given to somebody, and answers as the Commission’s VIES does.',
    schema: http,
    example: 'https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number',
  }),
  PORT: variable({ group: OTHERS, about: 'Where the API listens.', schema: port, fallback: '3000' }),
  HOST: variable({
    group: OTHERS,
    about: 'On which interface it listens: 127.0.0.1 in development, all of them in production.',
    schema: text,
    example: '0.0.0.0',
  }),
  DASHBOARD_DIR: variable({
    group: OTHERS,
    about: 'The pages as the build made them. Without it: the build’s own, where there is one.',
    schema: text,
    example: 'dist/dashboard',
  }),
  PUBLIC_URL: variable({
    group: OTHERS,
    about:
      'Where browsers find the pages: links lead there, those in mails, too. In development the API’s own address.',
    schema: http.transform((text) => text.replace(/\/+$/, '')),
    example: 'https://billing.example.com',
  }),
  LOG_LEVEL: variable({
    group: OTHERS,
    about: 'trace, debug, info, warn, error or silent.',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    fallback: 'info',
  }),
  SMTP_URL: variable({
    group: MAIL,
    about: 'Where mail is handed in. Without it mails are kept in the mailbox alone, as those of test mode always are.',
    schema: url(['smtp:', 'smtps:']),
    example: 'smtps://user:…@mail.example.com:465',
  }),
  AUDIT_CHECKPOINTS: variable({
    group: OTHERS,
    about:
      'The folder in which signed checkpoints of the audit log are kept: best where nobody who owns the database can write.',
    schema: text,
    fallback: '.hydra/audit',
  }),
  ENDPOINTS_ON_LOOPBACK: variable({
    group: OTHERS,
    about: 'yes: endpoints may be on this machine, and without encryption. For development; production refuses it.',
    schema: z.enum(['yes', 'no']),
    fallback: 'no',
  }),
  MAIL_FROM: variable({
    group: MAIL,
    about: 'Who mails are from.',
    schema: z.email('an address such as billing@example.com'),
    example: 'billing@example.com',
  }),
  NATS_URL: variable({
    group: OTHERS,
    about: 'Where events are published.',
    schema: url(['nats:', 'tls:']),
    example: 'nats://127.0.0.1:4222',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable({ group: OTHERS, about: 'Where traces go.', schema: http }),
} as const;

type Variables = typeof variables;
type Parsed = {
  [Name in keyof Variables]: Variables[Name] extends { required: string } | { fallback: string }
    ? z.output<Variables[Name]['schema']>
    : z.output<Variables[Name]['schema']> | undefined;
};

export type Config = Parsed & {
  production: boolean;
  HOST: string;
  PUBLIC_URL: string;
  /** One a mode; production without a test namespace has no test mode. */
  namespaces: { mode: Mode; namespace: string }[];
};

export type Trouble = { name: string; trouble: string };

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly troubles: readonly Trouble[];

  constructor(troubles: readonly Trouble[]) {
    const lines = troubles.map(({ name, trouble }) => `  ${name}: ${trouble}`);
    super(`The environment is not complete:\n${lines.join('\n')}\n.env.example says what each is for.`);
    this.troubles = troubles;
  }
}

export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const production = environment.NODE_ENV === 'production';
  const troubles: Trouble[] = [];
  const parsed: Record<string, unknown> = {};
  const isTrouble = (name: string) => troubles.some((each) => each.name === name || each.name === `${name}_FILE`);
  for (const [name, each] of Object.entries(variables) as [string, Variable<z.ZodType>][]) {
    const given = readValue(name, environment, troubles);
    const value = given ?? (production && each.required ? undefined : each.fallback);
    if (value === undefined) {
      if (each.required && given !== null) troubles.push({ name, trouble: 'is missing' });
      continue;
    }
    const result = each.schema.safeParse(value);
    if (result.success) parsed[name] = result.data;
    else
      troubles.push({ name, trouble: `is malformed: ${result.error.issues.map(({ message }) => message).join(', ')}` });
  }
  if (!['AUTH_JWKS_URL', 'AUTH_JWT_SECRET'].some((name) => name in parsed || isTrouble(name))) {
    troubles.push({ name: 'AUTH_JWKS_URL or AUTH_JWT_SECRET', trouble: 'is missing' });
  }
  if (!isTrouble('STRIPE_WEBHOOK_SECRET')) {
    const trouble = troubleOfSecrets(parsed as Parsed, production);
    if (trouble) troubles.push({ name: 'STRIPE_WEBHOOK_SECRET', trouble });
  }
  if (production && parsed.ENDPOINTS_ON_LOOPBACK === 'yes') {
    troubles.push({ name: 'ENDPOINTS_ON_LOOPBACK', trouble: 'is for development alone' });
  }
  troubles.push(...troublesOfPaypal(parsed as Parsed, production), ...troublesOfMail(parsed as Parsed, production));
  if (troubles.length > 0) throw new ConfigError(troubles);
  const values = parsed as Parsed;
  const test = values.TEMPORAL_TEST_NAMESPACE ?? (production ? null : 'hydra-test');
  return {
    ...values,
    production,
    HOST: values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    PUBLIC_URL: values.PUBLIC_URL ?? `http://127.0.0.1:${values.PORT}`,
    namespaces: [
      { mode: 'live', namespace: values.TEMPORAL_NAMESPACE },
      ...(test === null ? [] : [{ mode: 'test' as const, namespace: test }]),
    ],
  };
}

/** Whoever holds a test secret must not be able to tell of live money. */
function troubleOfSecrets(values: Parsed, production: boolean): string | null {
  const { STRIPE_API_KEY: keys = [], STRIPE_WEBHOOK_SECRET: secrets } = values;
  if (!secrets) return production && keys.length > 0 ? 'is missing: there is a STRIPE_API_KEY' : null;
  const isLive = (apiKey: string) => /^.k_live_/.test(apiKey);
  if (keys.some(isLive) && !keys.every(isLive) && secrets.some(({ mode }) => mode === null)) {
    return 'does not say which secret is of which mode: test:whsec_…,live:whsec_…';
  }
  if (new Set(secrets.map(({ secret }) => secret)).size < secrets.length) return 'names a secret twice';
  return null;
}

const PAYPALS_OWN = ['https://api-m.paypal.com', 'https://api-m.sandbox.paypal.com'];

/** Whoever answers at its address gives out the roots of its certificates as well: only in development may it be another. */
function troublesOfPaypal(values: Parsed, production: boolean): Trouble[] {
  const {
    PAYPAL_CLIENT_ID: id,
    PAYPAL_CLIENT_SECRET: secret,
    PAYPAL_WEBHOOK_ID: webhook,
    PAYPAL_API_BASE: base,
  } = values;
  const troubles: Trouble[] = [];
  if (id && !secret)
    troubles.push({ name: 'PAYPAL_CLIENT_SECRET', trouble: 'is missing: there is a PAYPAL_CLIENT_ID' });
  if (secret && !id)
    troubles.push({ name: 'PAYPAL_CLIENT_ID', trouble: 'is missing: there is a PAYPAL_CLIENT_SECRET' });
  if (!production) return troubles;
  if (id && !webhook) troubles.push({ name: 'PAYPAL_WEBHOOK_ID', trouble: 'is missing: there is a PAYPAL_CLIENT_ID' });
  if (base && !PAYPALS_OWN.includes(base)) {
    troubles.push({ name: 'PAYPAL_API_BASE', trouble: `is not PayPal’s own: ${PAYPALS_OWN.join(' or ')}` });
  }
  return troubles;
}

/** A mail without a sender is taken by nobody, and one whose links lead to this machine helps nobody. */
function troublesOfMail({ SMTP_URL, MAIL_FROM, PUBLIC_URL }: Parsed, production: boolean): Trouble[] {
  if (!SMTP_URL) return [];
  return [
    ...(MAIL_FROM ? [] : [{ name: 'MAIL_FROM', trouble: 'is missing: there is an SMTP_URL' }]),
    ...(PUBLIC_URL || !production ? [] : [{ name: 'PUBLIC_URL', trouble: 'is missing: there is an SMTP_URL' }]),
  ];
}

/** For processes: what is wrong, without the stack that says where we noticed. */
export function loadConfigOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** An empty value is none: that is how compose files and shells leave one out. Null where its file is the trouble. */
function readValue(name: string, environment: NodeJS.ProcessEnv, troubles: Trouble[]): string | null | undefined {
  const file = environment[`${name}_FILE`];
  if (environment[name]) return environment[name];
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    troubles.push({ name: `${name}_FILE`, trouble: `cannot be read (${(error as NodeJS.ErrnoException).code})` });
    return null;
  }
}
