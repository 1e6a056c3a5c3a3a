/** The HTTP side: every route from its declaration, and around them what all of them share. */
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Authenticate } from '../auth/authenticate.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../observability/logger.ts';
import { type Dashboard, dashboardRouter } from './dashboard.ts';
import { docsRouter } from './docs.ts';
import { createErrorHandler } from './errors.ts';
import { handlerOf } from './handler.ts';
import { healthRouter } from './health.ts';
import { hostedRouter } from './hosted/pages.ts';
import { openHandlers } from './open-route.ts';
import { openApiDocument } from './openapi.ts';
import { Problem } from './problem.ts';
import type { Parts } from './route.ts';
import { openRoutes, routes } from './routes/index.ts';

export type AppOptions = { parts: Parts; authenticate: Authenticate; logger: Logger; dashboard?: Dashboard | null };

export function createApp({ parts, authenticate, logger, dashboard }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').set('strict routing', false);
  app.use(identify(logger, parts));
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } } }));
  app.use(healthRouter(parts));
  app.use(docsRouter());
  app.use(hostedRouter(parts));
  if (dashboard) app.use(dashboardRouter(dashboard));
  const document = JSON.stringify(openApiDocument());
  app.get('/openapi.json', (_request, response) => void response.type('application/json').send(document));
  const opened = openHandlers(parts, authenticate);
  for (const route of openRoutes) app[route.method](route.path, opened(route));
  for (const route of routes) app[route.method](route.path, handlerOf(route, parts, authenticate));
  app.use((request) => {
    throw otherMethods(request.method, request.path) ?? new Problem(404, 'route_unknown', 'there is no such route');
  });
  app.use(createErrorHandler(logger));
  return app;
}

/** Gives each request its id, its logger, and one line and one measurement at its end. */
function identify(logger: Logger, { metrics }: Parts): RequestHandler {
  return (request, response, next) => {
    const began = process.hrtime.bigint();
    const requestId = newId('req');
    Object.assign(response.locals, { requestId, log: logger.child({ requestId }) });
    response.set('x-request-id', requestId);
    response.once('close', () => {
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      const route: string = request.route?.path ?? 'none';
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.httpDuration.observe({ method: request.method, route, status: String(status) }, seconds);
      const { log } = response.locals as { log: Logger };
      log.info({ method: request.method, route, status, ms: Math.round(seconds * 1_000) }, 'request');
    });
    next();
  };
}

function otherMethods(method: string, path: string): Problem | null {
  const allowed = [...openRoutes, ...routes]
    .filter((route) => matches(route.path, path))
    .map((route) => route.method.toUpperCase());
  if (allowed.length === 0) return null;
  const allow = [...new Set(allowed)].join(', ');
  return new Problem(405, 'method_not_allowed', `${method} is not taken here`, { headers: { allow } });
}

const matches = (template: string, path: string): boolean => {
  const parts = path.replace(/\/$/, '').split('/');
  const wanted = template.split('/');
  return wanted.length === parts.length && wanted.every((each, i) => each.startsWith(':') || each === parts[i]);
};
