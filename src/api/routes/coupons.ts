/** What is offered, to whom and for how long. */
import { z } from 'zod';
import { type AuditEntry, audit } from '../../db/audit.ts';
import {
  type CouponRow,
  changeCoupon,
  couponOf,
  createCoupon,
  createPromotionCode,
  listCoupons,
  listPromotionCodes,
  listRedemptions,
  type PromotionCodeRow,
  plansSold,
  promotionCodeOf,
  type RedemptionRow,
  readCoupon,
  switchPromotionCode,
} from '../../db/coupons.ts';
import { customerExists } from '../../db/customer-list.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import {
  type Coupon,
  type CouponDraft,
  checkCoupon,
  checkPromotionCode,
  type FieldProblem,
  type PromotionCode,
} from '../../domain/coupon.ts';
import type { CouponId } from '../../domain/ids.ts';
import { formatMoney } from '../../domain/money.ts';
import { newId, newPromotionCode } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, route } from '../route.ts';
import {
  coupon,
  couponCreate,
  couponUpdate,
  promotionCode,
  promotionCodeCreate,
  promotionCodeUpdate,
  redemption,
} from '../schemas/coupons.ts';
import { couponId, listOf, page, promotionCodeId, text } from '../schemas.ts';

const reading = { tag: 'Coupons', who: READERS, grant: 'coupons:read' } as const;
const writing = { tag: 'Coupons', who: ADMINS, grant: 'coupons:write' } as const;
const params = z.strictObject({ id: couponId });
const codeParams = z.strictObject({ id: couponId, codeId: promotionCodeId });

function sound(code: 'coupon_invalid' | 'promotion_code_invalid' | 'unknown_customer', problems: FieldProblem[]): void {
  const [first] = problems;
  if (first) throw new Problem(422, code, `${first.path} ${first.message}`, { errors: problems });
}

const audited = (trx: Trx, { scope, principal }: Call, action: string, subject: string, why: AuditEntry['why']) =>
  audit(trx, scope, { at: new Date(), by: principal.ref, action, subject, why });

const offOf = ({ percent_off, amount_off }: CouponRow): string =>
  percent_off === null ? (amount_off ?? []).map(formatMoney).join(', ') : `${percent_off}%`;

async function couponRow(trx: Trx, id: CouponId): Promise<CouponRow> {
  const row = await readCoupon(trx, id);
  if (!row) throw notFound('coupon');
  return row;
}

const list = route({
  ...reading,
  method: 'get',
  path: '/api/admin/coupons',
  summary: 'List coupons',
  about: 'Or find the one that a promotion code brings.',
  query: page.extend({ state: z.enum(['active', 'archived']).optional(), promotionCode: text(64).optional() }),
  answers: { 200: { about: 'The newest first.', schema: listOf(coupon, 'Coupon') } },
  async handle({ parts, scope, query: { state, promotionCode: code, ...paging } }) {
    const filter = { ...(state && { state }), ...(code !== undefined && { code }) };
    const slice = await inTenant(parts.db, scope, (trx) => listCoupons(trx, filter, pageOf(paging, 'id')));
    return ok(listBody(slice, showCoupon));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/admin/coupons/:id',
  summary: 'Read a coupon',
  params,
  answers: { 200: { about: 'With how often it was redeemed.', schema: coupon } },
  handle: ({ parts, scope, params: { id } }) =>
    inTenant(parts.db, scope, async (trx) => ok(showCoupon(await couponRow(trx, id)))),
});

const create = route({
  ...writing,
  method: 'post',
  path: '/api/admin/coupons',
  summary: 'Offer a coupon',
  about: 'A percentage or an amount. What it takes off can’t be changed later, since subscriptions hold it.',
  body: couponCreate,
  answers: { 201: { about: 'It can be redeemed.', schema: coupon } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { scope, body } = call;
      const at = new Date();
      const draft: CouponDraft = {
        name: body.name,
        percentOff: body.percentOff ?? null,
        amountOff: body.amountOff ?? null,
        duration: body.duration,
        periods: body.periods ?? null,
        plans: body.plans ?? null,
        maxRedemptions: body.maxRedemptions ?? null,
        perCustomer: body.perCustomer ?? null,
        redeemBy: body.redeemBy === undefined ? null : Date.parse(body.redeemBy),
      };
      sound('coupon_invalid', checkCoupon(draft, body.plans ? await plansSold(trx) : [], at.getTime()));
      const row = await createCoupon(trx, scope, { ...(draft as Coupon), id: newId('co'), state: 'active' }, at);
      await audited(trx, call, 'coupon_created', row.id, { name: row.name, off: offOf(row), duration: row.duration });
      return created(showCoupon(row));
    }),
});

const change = route({
  ...writing,
  method: 'patch',
  path: '/api/admin/coupons/:id',
  summary: 'Rename or archive a coupon',
  about: 'An archived one can’t be redeemed, by its codes neither. Who holds it goes on holding it.',
  params,
  body: couponUpdate,
  answers: { 200: { about: 'As it is now.', schema: coupon } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { name, state } = call.body;
      const row = await changeCoupon(trx, call.params.id, { name, state }, new Date());
      if (!row) throw notFound('coupon');
      await audited(trx, call, 'coupon_changed', row.id, { name: row.name, state: row.state });
      return ok(showCoupon(row));
    }),
});

const redemptions = route({
  ...reading,
  method: 'get',
  path: '/api/admin/coupons/:id/redemptions',
  summary: 'Who redeemed a coupon',
  params,
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(redemption, 'Redemption') } },
  handle: ({ parts, scope, params: { id }, query }) =>
    inTenant(parts.db, scope, async (trx) => {
      await couponRow(trx, id);
      return ok(listBody(await listRedemptions(trx, id, pageOf(query, 'number')), showRedemption));
    }),
});

const listCodes = route({
  ...reading,
  method: 'get',
  path: '/api/admin/coupons/:id/promotion-codes',
  summary: 'List a coupon’s promotion codes',
  params,
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(promotionCode, 'PromotionCode') } },
  handle: ({ parts, scope, params: { id }, query }) =>
    inTenant(parts.db, scope, async (trx) => {
      await couponRow(trx, id);
      return ok(listBody(await listPromotionCodes(trx, id, pageOf(query, 'id')), showPromotionCode));
    }),
});

const createCode = route({
  ...writing,
  method: 'post',
  path: '/api/admin/coupons/:id/promotion-codes',
  summary: 'Give a coupon a promotion code',
  params,
  body: promotionCodeCreate,
  answers: { 201: { about: 'Who knows it can redeem it.', schema: promotionCode } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { scope, body } = call;
      const { id } = call.params;
      const at = new Date();
      const owner = await couponRow(trx, id);
      if (owner.state === 'archived') {
        throw new Problem(409, 'coupon_archived', `${id} is archived, and has to be active`);
      }
      const code: PromotionCode = {
        id: newId('promo'),
        coupon: id,
        code: body.code ?? newPromotionCode(),
        active: true,
        expiresAt: body.expiresAt === undefined ? null : Date.parse(body.expiresAt),
        maxRedemptions: body.maxRedemptions ?? null,
        firstTimeOnly: body.firstTimeOnly ?? false,
        minimumAmount: body.minimumAmount ?? null,
        customer: body.customerId ?? null,
      };
      sound('promotion_code_invalid', checkPromotionCode(code, couponOf(owner), at.getTime()));
      if (code.customer && !(await customerExists(trx, code.customer))) {
        sound('unknown_customer', [
          { path: 'customerId', message: `is ${code.customer}, and there is no such customer` },
        ]);
      }
      const row = await createPromotionCode(trx, scope, code, at);
      if (!row) {
        const message = `is ${code.code}, which is another promotion code’s, whatever the case of its letters`;
        throw new Problem(409, 'promotion_code_taken', `code ${message}`, { errors: [{ path: 'code', message }] });
      }
      await audited(trx, call, 'promotion_code_created', row.id, { coupon: id, code: row.code });
      return created(showPromotionCode(row));
    }),
});

const switchCode = route({
  ...writing,
  method: 'patch',
  path: '/api/admin/coupons/:id/promotion-codes/:codeId',
  summary: 'Switch a promotion code off or on',
  params: codeParams,
  body: promotionCodeUpdate,
  answers: { 200: { about: 'As it is now.', schema: promotionCode } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { id: coupon, codeId: id } = call.params;
      const row = await switchPromotionCode(trx, { coupon, id, active: call.body.active });
      if (!row) throw notFound('promotion code');
      const action = row.active ? 'promotion_code_switched_on' : 'promotion_code_switched_off';
      await audited(trx, call, action, id, { coupon, code: row.code });
      return ok(showPromotionCode(row));
    }),
});

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

function showCoupon(row: CouponRow) {
  const { redeemBy, ...terms } = couponOf(row);
  return {
    ...terms,
    redeemBy: iso(row.redeem_by),
    redeemed: row.redeemed,
    createdAt: iso(row.created_at),
    archivedAt: iso(row.archived_at),
  };
}

function showPromotionCode(row: PromotionCodeRow) {
  const { coupon: couponId, customer: customerId, ...code } = promotionCodeOf(row);
  return {
    ...{ ...code, couponId, customerId, expiresAt: iso(row.expires_at) },
    redeemed: row.redeemed,
    createdAt: iso(row.created_at),
  };
}

const showRedemption = (row: RedemptionRow) => ({
  couponId: row.coupon_id,
  promotionCodeId: row.promotion_code_id,
  customerId: row.customer_id,
  subscriptionId: row.subscription_id,
  redeemedAt: iso(row.redeemed_at),
  releasedAt: iso(row.released_at),
});

export const couponRoutes = [list, create, get, change, redemptions, listCodes, createCode, switchCode];
