import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { openApiDocument, templateOf } from '../../src/api/openapi.ts';
import type { Parts } from '../../src/api/route.ts';
import { routes } from '../../src/api/routes/index.ts';

const document = JSON.parse(JSON.stringify(openApiDocument()));
const METHODS = ['get', 'post', 'patch', 'delete', 'put'];
const documented = Object.entries<Record<string, object>>(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => `${method} ${path}`),
);

type Layer = { route?: { path: string; methods: Record<string, boolean> }; handle: { stack?: Layer[] } };

/** What the router really has, nested routers included. */
const routed = (stack: readonly Layer[]): string[] =>
  stack.flatMap(({ route, handle }) =>
    route
      ? Object.keys(route.methods).map((method) => `${method} ${templateOf(route.path)}`)
      : routed(handle.stack ?? []),
  );

test('every route of the router is documented, and the other way round', () => {
  const metrics = { httpDuration: {}, commands: {} } as Parts['metrics'];
  const app = createApp({
    parts: { metrics } as Parts,
    authenticate: () => Promise.reject(new Error('not asked')),
    logger: pino({ level: 'silent' }),
  });
  const real = routed((app as unknown as { router: { stack: Layer[] } }).router.stack);
  // What browsers alone open is no part of the API.
  const own = real.filter((each) => !/\/docs\/page\.|^get \/(hosted|pay|cancel)\//.test(each));
  const elsewhere = documented.filter((each) => each.includes('/api/webhooks/'));
  expect([...own, ...elsewhere].sort()).toEqual(documented.sort());
});

test('each says who may call it, names itself once, and refers to nothing that is missing', () => {
  const ids = routes.map(({ method, path }) => document.paths[templateOf(path)][method].operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { method, path, who, grant } of routes) {
    expect(document.paths[templateOf(path)][method]).toMatchObject({ 'x-who': who, 'x-grant': grant });
  }
  const names = Object.keys(document.components.schemas);
  for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g))
    expect(names).toContain(name);
});

test('every id in a path is a parameter of it', () => {
  for (const [path, item] of Object.entries<Record<string, { parameters?: { name: string; in: string }[] }>>(
    document.paths,
  )) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const operation of METHODS.flatMap((method) => item[method] ?? [])) {
      const given = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
      expect(given.sort()).toEqual(named.sort());
    }
  }
});

test('what is null in places is null only there', () => {
  const schemas = Object.entries<{ type?: string | string[] }>(document.components.schemas);
  expect(schemas.filter(([, { type }]) => Array.isArray(type)).map(([name]) => name)).toEqual([]);
  const { total } = document.components.schemas.Invoice.properties;
  const { amountOff } = document.components.schemas.HeldDiscount.properties;
  expect(total).toEqual({ $ref: '#/components/schemas/Money' });
  expect(amountOff).toEqual({ anyOf: [{ $ref: '#/components/schemas/Money' }, { type: 'null' }] });
});
