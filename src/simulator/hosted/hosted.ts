/** The pages that a customer is sent to. */
import type { Controlled } from '../control/controlled.ts';
import { objectPage } from '../control/pages.ts';
import { challengePage } from './challenge-page.ts';
import { checkoutPage } from './checkout-page.ts';
import { elements } from './elements.ts';
import { invoicePage } from './invoice-page.ts';
import { portalPage } from './portal-page.ts';
import type { Shown } from './shown.ts';

/** Null: there is no such page. */
export function hosted(sim: Controlled, method: string, url: URL, body: string): Shown | null {
  const [, kind, id] =
    /^\/(_sim\/3ds|sim\/checkout|sim\/invoice|sim\/object|sim\/portal)\/([^/]+)$/.exec(url.pathname) ?? [];
  const form = method === 'POST' ? new URLSearchParams(body) : null;
  if (id === undefined) return elements(sim.engine, method, url, body);
  switch (kind) {
    case '_sim/3ds':
      return challengePage(sim, id, url.searchParams, form);
    case 'sim/checkout':
      return checkoutPage(sim.engine, id, form);
    case 'sim/object': {
      const found = objectPage(sim, id);
      return found === null ? null : { html: found };
    }
    case 'sim/invoice':
      return invoicePage(sim.engine, id, form);
    default:
      return portalPage(sim.engine, id, form);
  }
}
