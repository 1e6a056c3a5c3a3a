/**
 * The customer's pages and the operator's console, as the build made them. They are a client of this API like any other;
 * here they only get their policy: scripts are ours and the processor's own, and nothing stands in the page itself.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { type RequestHandler, Router } from 'express';

export type Dashboard = {
  /** What the build wrote. */
  folder: string;
  /** Stripe.js, or the simulator's stand-in for it. */
  stripeJs: string;
};

export const STRIPE_JS = 'https://js.stripe.com/endive/stripe.js';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const OURS = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'font-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};
const written = (policy: Record<string, string>) =>
  Object.entries(policy)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');

/** Card fields are frames of the processor's, from where its script is. */
export function withProcessor(stripeJs: string): string {
  const { origin } = new URL(stripeJs);
  const isStripe = origin === 'https://js.stripe.com';
  return written({
    ...OURS,
    'script-src': `'self' ${origin}`,
    'connect-src': isStripe ? "'self' https://api.stripe.com" : "'self'",
    'frame-src': isStripe ? `${origin} https://*.js.stripe.com https://hooks.stripe.com` : origin,
  });
}

export function dashboardRouter({ folder, stripeJs }: Dashboard): Router {
  const router = Router();
  const page = (name: string, policy: string): RequestHandler => {
    const html = readFileSync(join(folder, `${name}.html`), 'utf8').replace('%STRIPE_JS%', stripeJs);
    return (_request, response) =>
      void response.set({ 'content-security-policy': policy, 'cache-control': 'no-cache' }).type('html').send(html);
  };
  router.get(['/portal', '/portal/*path'], page('portal', withProcessor(stripeJs)));
  router.get(['/console', '/console/*path'], page('console', written(OURS)));
  router.get('/', (_request, response) => response.redirect(302, '/portal'));
  for (const name of readdirSync(join(folder, 'assets'))) {
    router.get(`/assets/${name}`, asset(readFileSync(join(folder, 'assets', name)), TYPES[extname(name)]));
  }
  return router;
}

const SMALLER = { br: promisify(brotliCompress), gzip: promisify(gzip) } as const;

/** Its name holds its hash, so it is kept for ever; it is made smaller once, when it is first asked for. */
function asset(content: Buffer, type = 'application/octet-stream'): RequestHandler {
  const made = new Map<string, Promise<Buffer>>();
  const isText = type !== 'font/woff2';
  return async (request, response) => {
    response.set({ 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' });
    const encoding = isText ? request.acceptsEncodings(['br', 'gzip']) : false;
    if (encoding !== 'br' && encoding !== 'gzip') return void response.end(content);
    const smaller = made.get(encoding) ?? SMALLER[encoding](content);
    made.set(encoding, smaller);
    response.set({ 'content-encoding': encoding, vary: 'accept-encoding' }).end(await smaller);
  };
}

/** Null where nothing was built: the API serves without pages. */
export function dashboardAt(folder: string, stripeApiBase: string | undefined): Dashboard | null {
  if (!existsSync(join(folder, 'portal.html'))) return null;
  return { folder, stripeJs: stripeJsAt(stripeApiBase) };
}

/** The processor's script for browsers, or what stands in for it where the simulator does for the processor. */
export const stripeJsAt = (stripeApiBase: string | undefined): string =>
  stripeApiBase ? new URL('/sim/stripe.js', stripeApiBase).href : STRIPE_JS;
