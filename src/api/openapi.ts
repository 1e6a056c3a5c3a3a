/** The OpenAPI document, made from the routes themselves. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { COOKIE } from '../auth/sessions.ts';
import { type EventType, eventTypes } from '../domain/event-types.ts';
import type { OpenRoute } from './open-route.ts';
import type { Route } from './route.ts';
import { openRoutes, routes } from './routes/index.ts';
import { eventSchema } from './schemas/endpoints.ts';
import { address } from './schemas/parties.ts';
import { customerId, money, payment, problem } from './schemas.ts';

const COMMON: Record<number, string> = {
  400: 'Malformed; `errors` names the fields.',
  401: 'No token, or one that is not accepted.',
  403: 'Not for this caller.',
  409: 'Refused in the present state; `code` says why.',
  413: 'More than the route takes.',
  422: 'Understood, and impossible.',
  503: 'Not just now; `Retry-After` says when.',
};

const headers = {
  customer: customerId.optional().openapi({
    param: { name: 'Hydra-Customer', in: 'header' },
    description: 'For whom you act. A customer’s own token needs none, and may name nobody else.',
  }),
  idempotency: z
    .string()
    .max(255)
    .optional()
    .openapi({
      param: { name: 'Idempotency-Key', in: 'header' },
      description: 'The same key and body is the same request: it is answered again and done once.',
    }),
};

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

export function openApiDocument(): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A user’s JWT, or a service key (`sk_test_…`, `sk_live_…`).',
  });
  registry.registerComponent('securitySchemes', 'cookie', {
    ...{ type: 'apiKey', in: 'cookie', name: COOKIE },
    description: 'A browser that signed in by `POST /api/session`. What changes something comes with `X-CSRF-Token`.',
  });
  // What may also be null in places comes first, as it is: else the first such place would make it so in all of them.
  for (const [name, schema] of Object.entries({ Money: money, Payment: payment, Address: address })) {
    registry.register(name, schema);
  }
  for (const each of routes) register(registry, each);
  for (const each of openRoutes) registerOpen(registry, each);
  for (const each of open) registry.registerPath({ ...each, security: [] });
  for (const type of Object.keys(eventTypes) as EventType[]) registerWebhook(registry, type);
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Hydra Billing',
      version: '1',
      description:
        'Subscription billing. Money is whole minor units with its currency, times are ISO 8601 UTC, errors are RFC 9457 problems with a stable `code`, and every POST takes an `Idempotency-Key`.',
    },
    servers: [{ url: '/' }],
  });
  return JSON.parse(JSON.stringify(document), (_name, value) => orNull(value)) as OpenApiDocument;
}

/** The generator says of a component that may be null that it is both at once, which nothing is. */
function orNull(value: unknown): unknown {
  const all = (value as { allOf?: { $ref?: string; type?: unknown }[] } | null)?.allOf;
  if (all?.length !== 2 || !all[0]!.$ref || JSON.stringify(all[1]) !== '{"type":["object","null"]}') return value;
  return { anyOf: [all[0], { type: 'null' }] };
}

/** What we send, and what we make of the answer. */
function registerWebhook(registry: OpenAPIRegistry, type: EventType): void {
  registry.registerWebhook({
    method: 'post',
    path: type,
    operationId: type.replace(/[._](\w)/g, (_all, letter: string) => letter.toUpperCase()),
    tags: ['Events'],
    summary: eventTypes[type].about,
    request: {
      headers: z.object({
        'webhook-id': z.string().openapi({ description: 'The event’s id.' }),
        'webhook-timestamp': z.string().openapi({ description: 'When it was sent, in seconds.' }),
        'webhook-signature': z.string().openapi({ description: '`v1,…`, of each secret that counts.' }),
      }),
      body: { required: true, content: { 'application/json': { schema: eventSchema(type) } } },
    },
    responses: { '2XX': { description: 'Taken. Anything else is tried again for three days.' } },
  });
}

export const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

function register(registry: OpenAPIRegistry, each: Route): void {
  const { method, path, tag, summary, about, who, grant, params, body, answers } = each;
  const query = each.csv ? withFormat(each.query) : each.query;
  const given = [
    ...(each.actsOnCustomer ? [headers.customer] : []),
    ...(method === 'post' && !each.pure ? [headers.idempotency] : []),
  ];
  registry.registerPath({
    method,
    path: templateOf(path),
    tags: [tag],
    operationId: operationIdOf(each),
    summary,
    description: [about, `Who: ${who.join(', ')}. Service keys need \`${grant}\`.`].filter(Boolean).join('\n\n'),
    security: [{ bearer: [] }, ...(who.every((each) => each === 'service') ? [] : [{ cookie: [] }])],
    request: {
      ...(params && { params: params as unknown as z.ZodObject }),
      ...(query && { query: query as unknown as z.ZodObject }),
      ...(given.length > 0 && { headers: given }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      ...answersOf(answers),
      ...(grant === 'subscriptions:write' && method === 'post' && !each.pure
        ? { 202: { description: 'Taken, and not answered in time: `Location` says where to look.' } }
        : {}),
      ...problems(each),
    },
    'x-who': who,
    'x-grant': grant,
  });
}

const answersOf = (answers: Route['answers']): RouteConfig['responses'] =>
  Object.fromEntries(
    Object.entries(answers).map(([status, { about: description, schema, types = [] }]) => [
      status,
      {
        description,
        ...((schema || types.length > 0) && {
          content: {
            ...(schema && { 'application/json': { schema } }),
            ...Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' as const } }])),
          },
        }),
      },
    ]),
  );

/** Without a token: what is brought says who it is. */
function registerOpen(registry: OpenAPIRegistry, each: OpenRoute): void {
  const { method, path, tag, summary, about, params, body, answers } = each;
  registry.registerPath({
    ...{ method, path: templateOf(path), tags: [tag], operationId: operationIdOf(each), summary, security: [] },
    ...(about && { description: about }),
    request: {
      ...(params && { params: params as unknown as z.ZodObject }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      ...answersOf(answers),
      ...problems(each),
      429: { description: 'Too many wrong ones from this address.' },
    },
  });
}

/** Where an answer comes as a table, too, the query says so as well as the header. */
const withFormat = (query: Route['query']): z.ZodObject =>
  ((query as z.ZodObject | undefined) ?? z.strictObject({})).extend({
    format: z.enum(['json', 'csv']).optional().openapi({ description: 'Or by `Accept: text/csv`.' }),
  });

function problems({ method, params }: Pick<Route, 'method' | 'params'>) {
  const statuses = [400, 401, 403, ...(params ? [404] : []), ...(method === 'get' ? [422] : [409, 413, 422]), 503];
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: COMMON[status] ?? 'Nothing there that you may see.',
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}

/** `POST /api/billing/change/preview` is `postBillingChangePreview`: stable names for generated clients. */
function operationIdOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  const words = path
    .split('/')
    .filter((part) => part !== '' && part !== 'api')
    .flatMap((part) => (part.startsWith(':') ? ['by', part.slice(1)] : part.split('-')));
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

const text = (description: string, type: string, schema: z.ZodType = z.string()) => ({
  description,
  content: { [type]: { schema } },
});

/** What answers without a token. */
const open: RouteConfig[] = [
  {
    method: 'get',
    path: '/healthz',
    tags: ['Health'],
    summary: 'The process is alive',
    responses: { 200: text('Alive.', 'application/json', z.object({ status: z.literal('ok') })) },
  },
  {
    method: 'get',
    path: '/readyz',
    tags: ['Health'],
    summary: 'Everything that commands need is reachable',
    responses: {
      200: text('Ready.', 'application/json', readiness()),
      503: text('Not ready; the parts are named.', 'application/json', readiness()),
    },
  },
  {
    method: 'get',
    path: '/metrics',
    tags: ['Health'],
    summary: 'For Prometheus',
    responses: { 200: text('Metrics.', 'text/plain') },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tags: ['Documentation'],
    summary: 'This document',
    responses: { 200: text('OpenAPI 3.1.', 'application/json', z.looseObject({})) },
  },
  {
    method: 'get',
    path: '/docs',
    tags: ['Documentation'],
    summary: 'This document, for people',
    responses: { 200: text('A page.', 'text/html') },
  },
  {
    method: 'post',
    path: '/api/webhooks/stripe',
    tags: ['Webhooks'],
    summary: 'Stripe’s events, for the default account',
    responses: {
      200: text('Kept.', 'application/json', z.object({ received: z.literal(true) })),
      400: { description: 'The signature or the body is not Stripe’s.' },
    },
  },
  {
    method: 'post',
    path: '/api/webhooks/stripe/{accountId}',
    tags: ['Webhooks'],
    summary: 'Stripe’s events, for a tenant’s own account',
    request: { params: z.object({ accountId: z.string() }) },
    responses: {
      200: text('Kept.', 'application/json', z.object({ received: z.literal(true) })),
      404: { description: 'No such account.' },
    },
  },
];

function readiness() {
  const part = z.enum(['ok', 'unreachable']);
  return z.object({ status: z.enum(['ready', 'not_ready']), parts: z.object({ postgres: part, temporal: part }) });
}
