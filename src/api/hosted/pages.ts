/**
 * The pages that a mail leads to. Plain, made here, without a login: whoever has the link may pay that invoice, or end that
 * subscription, and see what that needs and no more. Under a policy that lets nothing inline, and nobody else's script but
 * the processor's, where cards are typed.
 */
import { type RequestHandler, Router } from 'express';
import { formatsFor } from '../../documents/format.ts';
import { wordsFor } from '../../documents/words.ts';
import { type Html, html } from '../../mail/html.ts';
import { inkOn } from '../../mail/template.ts';
import { stripeJsAt, withProcessor } from '../dashboard.ts';
import { Problem } from '../problem.ts';
import type { Parts } from '../route.ts';
import { cancelLinkShown, subscriptionLinked } from '../routes/cancel-link.ts';
import { invoiceLinked, payLinkShown } from '../routes/pay-link.ts';
import { css } from './css.ts';
import { script } from './script.ts';
import { type PageWords, pageWords } from './words.ts';

export function hostedRouter(parts: Parts): Router {
  const router = Router();
  const page =
    (make: (parts: Parts, token: string, stripeJs: string) => Promise<Html>): RequestHandler =>
    async (request, response) => {
      const stripeJs = stripeJsAt(parts.bases.STRIPE_API_BASE);
      const policy = withProcessor(stripeJs);
      // The address is a key: it goes to nobody the page asks, and stays in no cache.
      response.set({
        'content-security-policy': policy,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      try {
        response.type('html').send((await make(parts, String(request.params.token), stripeJs)).text);
      } catch (error) {
        if (!(error instanceof Problem) || error.status >= 500) throw error;
        response.status(error.status).type('html').send(refusal(error).text);
      }
    };
  router.get('/pay/:token', page(payPage));
  router.get('/cancel/:token', page(cancelPage));
  router.get('/hosted/page.js', (_request, response) => void response.type('text/javascript').send(script));
  router.get('/hosted/page.css', (_request, response) => void response.type('text/css').send(css));
  return router;
}

type Frame = {
  language: string;
  title: string;
  seller: string;
  main: Record<string, string>;
  body: Html;
  stripeJs?: string;
};

function framed({ language, title, seller, main, body, stripeJs }: Frame): Html {
  const attributes = Object.entries(main).map(([name, value]) => html` data-${name}="${value}"`);
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/hosted/page.css">
${stripeJs === undefined ? null : html`<script src="${stripeJs}" defer></script>`}
${main.token === undefined ? null : html`<script src="/hosted/page.js" defer></script>`}
</head>
<body><main${attributes}>
<header>${seller}</header>
<article>${body}<p id="trouble" role="alert" hidden></p></article>
</main></body>
</html>
`;
}

const looks = (accent: string) => ({ accent, 'on-accent': inkOn(accent) });

async function payPage(parts: Parts, token: string, stripeJs: string): Promise<Html> {
  const linked = await invoiceLinked(parts, token);
  const shown = await payLinkShown(parts, linked);
  const { language } = wordsFor(linked.locale);
  const words = pageWords(language);
  const { amount, currency } = shown.amount;
  const money = formatsFor(linked.locale, 'UTC').money(amount, currency);
  const card =
    shown.card && [shown.card.brand, shown.card.last4 && `•••• ${shown.card.last4}`].filter(Boolean).join(' ');
  const title = words.invoice(shown.number ?? '');
  const state = shown.state === 'void' ? 'paid' : shown.state;
  return framed({
    ...{ language, title, seller: shown.seller, stripeJs },
    main: {
      token,
      purpose: 'pay',
      state,
      declined: words.declined,
      elsewhere: words.elsewhere,
      ...looks(shown.accent),
    },
    body: html`<h1>${title}</h1>
<section id="open"><p class="amount">${money}</p>
<button id="pay">${card ? words.payWith(card) : words.pay}</button>
<button id="another" class="plain">${words.another}</button>
<form id="by-card" hidden><div id="card"></div><button>${words.pay}</button></form></section>
<section id="processing" hidden><p>${words.processing}</p></section>
<section id="paid" hidden><p>${shown.state === 'void' ? words.void : words.paid}</p></section>
${inTest(shown.mode, words)}`,
  });
}

async function cancelPage(parts: Parts, token: string): Promise<Html> {
  const linked = await subscriptionLinked(parts, token);
  const shown = await cancelLinkShown(parts, linked);
  const { language } = wordsFor(linked.locale);
  const words = pageWords(language);
  const date =
    shown.endsAt === null ? '' : formatsFor(linked.locale, linked.row.time_zone).date(Date.parse(shown.endsAt));
  const title = words.cancelHeading(shown.plan);
  return framed({
    ...{ language, title, seller: shown.seller },
    main: { token, purpose: 'cancel', state: shown.state, ...looks(shown.accent) },
    body: html`<h1>${title}</h1>
<section id="going"><p>${words.runs(date)}</p><button id="cancel">${words.cancel}</button></section>
<section id="ending" hidden><p>${words.planned(date)}</p><button id="undo" class="plain">${words.undo}</button></section>
<section id="over" hidden><p>${words.over}</p></section>
${inTest(shown.mode, words)}`,
  });
}

const inTest = (mode: 'test' | 'live', { test }: PageWords): Html | null =>
  mode === 'test' ? html`<p class="soft">${test}</p>` : null;

/** Whose link it was isn't known, so neither is a language. */
function refusal({ message }: Problem): Html {
  const words = pageWords('en');
  const body = html`<h1>${words.broken}</h1><p>${message.charAt(0).toUpperCase() + message.slice(1)}.</p>`;
  return framed({ language: 'en', title: words.broken, seller: '', main: {}, body });
}
