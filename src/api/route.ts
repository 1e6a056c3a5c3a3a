/**
 * A route says what it is: who may call it, what it takes, what it answers. The router is built from that and so is the
 * OpenAPI document, so they can't disagree.
 */
import type { z } from 'zod';
import type { Bases } from '../accounts/own-accounts.ts';
import type { LicenceKey } from '../auth/licences.ts';
import type { Caller, Grant, Principal } from '../auth/principal.ts';
import type { Db } from '../db/client.ts';
import type { CustomerKeys } from '../db/customers.ts';
import type { Scope } from '../db/tenant.ts';
import type { CustomerId, SubscriptionId } from '../domain/ids.ts';
import type { Outgoing } from '../net/outgoing.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Streams } from '../outbox/streams.ts';
import type { Processors } from '../processors/processors.ts';
import type { Taxes } from '../tax/taxes.ts';
import type { Temporal } from '../temporal/temporal.ts';
import type { Intake } from '../usage/intake.ts';
import type { MayHold } from './guard.ts';
import type { News } from './news.ts';

/** What the routes work with. */
export type Parts = {
  db: Db;
  keys: CustomerKeys;
  processors: Processors;
  /** What signs the links that let customers in, and where the pages are that these lead to. */
  links: { key: Buffer; publicUrl: string };
  licences: { key: LicenceKey; anchorKey: Buffer };
  /** Who waits for news of a customer's. */
  news: News;
  /** Where the processors are, if not at their own address. */
  bases: Bases;
  taxes: Taxes;
  temporal: Temporal;
  /** Where people look at its runs, if there is such a page. */
  temporalUi: string | null;
  metrics: Metrics;
  outgoing: Pick<Outgoing, 'objection'>;
  streams: Pick<Streams, 'listen'>;
  usage: Intake;
  /** How long a command's answer, and then the first payment after it, are waited for. */
  patienceMs: { command: number; payment: number };
};

export type Call<Params = unknown, Query = unknown, Body = unknown> = {
  parts: Parts;
  principal: Principal;
  scope: Scope;
  /** The customer that the caller acts on: always for a customer, where named for others. */
  customer: CustomerId | null;
  params: Params;
  query: Query;
  body: Body;
  requestId: string;
  /** The header of who comes back to a stream. */
  lastEventId: string | null;
  /** Asked for by `?format=csv` or `Accept: text/csv`, where the route has both. */
  wantsCsv: boolean;
  /** Names this request, the same for every repeat of it. */
  request: string;
  /** Writes into the request's row which subscription it is about; the first to be written stays. */
  bind: (subscription: SubscriptionId) => Promise<SubscriptionId>;
  log: Logger;
};

/** Something that is no JSON: a document, or a table of any length that is written while it is read. */
export type Paper = { type: string; fileName: string; content: Buffer | AsyncIterable<string> };

/** `unstored` goes out with the first answer and is kept nowhere, an idempotent repeat included. */
export type Reply = {
  status: number;
  body?: object;
  unstored?: object;
  paper?: Paper;
  /** Server-sent events, for as long as the caller listens. */
  stream?: AsyncIterable<string>;
  headers?: Record<string, string>;
};

/** `types` are what else it may come as, or instead where there is no schema. */
type Answer = { about: string; schema?: z.ZodType; types?: readonly string[] };

// biome-ignore lint/suspicious/noExplicitAny: a list of routes holds handlers of different inputs
export type Route<Params = any, Query = any, Body = any> = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With Express' `:id`. */
  path: string;
  tag: string;
  summary: string;
  about?: string;
  who: readonly Caller[];
  /** What a service key needs for it. */
  grant: Grant;
  /** Takes the header `Hydra-Customer` from callers who may act for any customer. */
  actsOnCustomer?: true;
  /** The caller's tenant need not exist. */
  anyTenant?: true;
  /** Answers as a table, too. */
  csv?: true;
  /** A POST that changes nothing needs no idempotency. */
  pure?: true;
  /** Takes a body of a megabyte, and looks for itself at what is sensitive in it, part by part. */
  large?: true;
  /** What fields of the body are there for, though it is refused elsewhere. */
  mayHold?: MayHold;
  params?: z.ZodType<Params>;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  answers: Record<number, Answer>;
  handle: (call: Call<Params, Query, Body>) => Promise<Reply>;
  /** Adds what must not be stored, a client secret: to the first answer and to each repeat. */
  complete?: (call: Call<Params, Query, Body>, body: object) => Promise<object>;
};

/** Only there for its types: what a route takes is what its handler gets. */
export const route = <Params, Query, Body>(given: Route<Params, Query, Body>): Route => given;

export const ok = (body: object): Reply => ({ status: 200, body });
export const paper = (content: Paper['content'], type: string, fileName: string): Reply => ({
  status: 200,
  paper: { content, type, fileName },
});
export const created = (body: object, unstored?: object): Reply => ({
  status: 201,
  body,
  ...(unstored && { unstored }),
});

/** Whoever may read everything, and whoever may act for customers. */
export const READERS = ['support', 'finance', 'admin', 'owner', 'service'] as const satisfies readonly Caller[];
export const AGENTS = ['support', 'admin', 'owner', 'service'] as const satisfies readonly Caller[];
export const FINANCE = ['finance', 'admin', 'owner', 'service'] as const satisfies readonly Caller[];
export const ADMINS = ['admin', 'owner', 'service'] as const satisfies readonly Caller[];
