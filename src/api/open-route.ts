/**
 * A route without a token: what the caller may is in what it brings, a link, a code or a licence. Its answers say no more
 * than that this was not it, and who brings many wrong ones from one address is told to wait.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { Authenticate } from '../auth/authenticate.ts';
import { KINDS, type Kind } from '../security/sensitive.ts';
import { senderOf } from '../webhooks/limit.ts';
import { problemOf } from './errors.ts';
import { refuseSensitive } from './guard.ts';
import { bodyOf, nothingIn } from './handler.ts';
import { createBuckets, refuseFlood } from './rate-limit.ts';
import type { Parts, Reply, Route } from './route.ts';

export type OpenCall<Params = unknown, Body = unknown> = {
  parts: Parts;
  authenticate: Authenticate;
  params: Params;
  body: Body;
  /** As it came, and closed with it: for streams. */
  request: Request;
  response: Response;
};

// biome-ignore lint/suspicious/noExplicitAny: a list of routes holds handlers of different inputs
export type OpenRoute<Params = any, Body = any> = Pick<
  Route,
  'method' | 'path' | 'tag' | 'summary' | 'about' | 'mayHold' | 'answers'
> & {
  params?: z.ZodType<Params>;
  body?: z.ZodType<Body>;
  /** Null where the handler has answered by itself. */
  handle: (call: OpenCall<Params, Body>) => Promise<Reply | null>;
};

export const openRoute = <Params, Body>(given: OpenRoute<Params, Body>): OpenRoute<Params, Body> => given;

/** Of a field that is there for a secret: chance may make it look like anything. */
export const ANYTHING = Object.keys(KINDS) as Kind[];

/** What an address may get wrong at once, and then one more each ten seconds. */
const WRONG = { burst: 30, perSecond: 0.1 };

export function openHandlers(parts: Parts, authenticate: Authenticate): (route: OpenRoute) => RequestHandler {
  const wrong = createBuckets(WRONG);
  return (route) => async (request, response) => {
    const address = senderOf(request.ip);
    refuseFlood(wrong.look(address));
    try {
      const reply = await answer(route, { parts, authenticate, request, response });
      if (reply) send(reply, response);
    } catch (error) {
      if (problemOf(error).status < 500) wrong.take(address);
      throw error;
    }
  };
}

async function answer(route: OpenRoute, call: Omit<OpenCall, 'params' | 'body'>): Promise<Reply | null> {
  const { request, response } = call;
  refuseSensitive(request.query);
  nothingIn(request.query);
  const params = route.params ? route.params.parse(request.params) : {};
  const body = await bodyOf(route, request, response);
  return route.handle({ ...call, params, body });
}

function send({ status, headers = {}, body, unstored }: Reply, response: Response): void {
  response
    .status(status)
    .set('cache-control', 'no-store')
    .set(headers)
    .json({ ...body, ...unstored });
}
