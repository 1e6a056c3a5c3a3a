import { auditDeed } from '../../db/audit.ts';
import { readSeller, type SellerVersion, writeSeller } from '../../db/sellers.ts';
import { inTenant } from '../../db/tenant.ts';
import { checkSeller } from '../../domain/seller-check.ts';
import { ratesOn } from '../../domain/tax-rates.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, ok, READERS, route } from '../route.ts';
import { seller, sellerPut } from '../schemas/parties.ts';

const shared = { tag: 'Tenants', path: '/api/admin/tenants/current/seller' } as const;

const show = ({ version, seller: profile, createdAt }: SellerVersion) => ({
  ...profile,
  version,
  createdAt: new Date(createdAt).toISOString(),
});

const get = route({
  ...shared,
  method: 'get',
  summary: 'Read who sells',
  about: 'The tenant as a legal person, and where it is registered for taxes.',
  who: READERS,
  grant: 'tenants:read',
  answers: { 200: { about: 'The version that holds.', schema: seller } },
  handle: ({ parts, scope }) =>
    inTenant(parts.db, scope, async (trx) => {
      const found = await readSeller(trx);
      if (!found) throw notFound('seller: nobody has said who sells');
      return ok(show(found));
    }),
});

const put = route({
  ...shared,
  method: 'put',
  summary: 'Say who sells',
  about:
    'Invoices from now on name it and are taxed by it; older ones keep the version that they were made out by. Without registrations nothing is taxed.',
  who: ADMINS,
  grant: 'tenants:write',
  body: sellerPut,
  mayHold: { invoiceFooter: ['iban'] },
  answers: { 200: { about: 'A new version.', schema: seller } },
  async handle({ parts, scope, principal, body: { registrations, ...rest } }) {
    const profile = {
      ...rest,
      registrations: registrations.map(({ rates, ...registration }) => ({
        ...registration,
        ...(rates && {
          rates: rates.map(({ jurisdiction, ...rate }) => ({ ...rate, ...(jurisdiction && { jurisdiction }) })),
        }),
      })),
    };
    const errors = checkSeller(profile, parts.taxes.calculator.outside ? null : ratesOn);
    const [first] = errors;
    if (first) throw new Problem(422, 'seller_inconsistent', `${first.path}: ${first.message}`, { errors });
    const written = await inTenant(parts.db, scope, async (trx) => {
      const next = await writeSeller(trx, scope, profile, Date.now());
      await auditDeed(trx, { scope, principal }, 'seller.changed', 'seller', { version: next.version });
      return next;
    });
    return ok(show(written));
  },
});

export const sellerRoutes = [get, put];
