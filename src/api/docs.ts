/** The documentation page: ours from end to end, so it works offline and under the strictest policy. */
import { Router } from 'express';
import { css } from './docs-page/css.ts';
import { html } from './docs-page/html.ts';
import { script } from './docs-page/script.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FILES = [
  { path: '/docs', type: 'text/html', body: html },
  { path: '/docs/page.js', type: 'text/javascript', body: script },
  { path: '/docs/page.css', type: 'text/css', body: css },
];

export function docsRouter(): Router {
  const router = Router();
  for (const { path, type, body } of FILES) {
    router.get(path, (_request, response) => {
      response.set('content-security-policy', POLICY).type(type).send(body);
    });
  }
  return router;
}
