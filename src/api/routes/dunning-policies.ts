import { z } from 'zod';
import {
  createDunningPolicy,
  type DunningPolicyRow,
  isIntactPolicy,
  listDunningPolicies,
  policiesInForce,
  publishDunningPolicy,
  readDunningPolicy,
} from '../../db/dunning-policies.ts';
import { priceBookAt } from '../../db/price-books.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import type { DunningPolicy } from '../../domain/dunning.ts';
import { checkBeside, checkDunningPolicy, type PolicyProblem } from '../../domain/dunning-check.ts';
import { newId } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, created, ok, READERS, route } from '../route.ts';
import { dunningPolicy, dunningPolicyDocument, dunningPolicyId } from '../schemas/dunning.ts';
import { listOf, page } from '../schemas.ts';

const reading = { tag: 'Dunning', who: READERS, grant: 'dunning_policies:read' } as const;
const writing = { tag: 'Dunning', who: ADMINS, grant: 'dunning_policies:write' } as const;
const params = z.strictObject({ id: dunningPolicyId });

const show = (row: DunningPolicyRow) => ({
  ...{ id: row.id, name: row.name, version: row.version, state: row.state, document: row.document },
  contentHash: row.content_hash,
  intact: isIntactPolicy(row),
  publishedAt: row.published_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});

/** Nothing is kept that nobody could be dunned by. */
export function sound(problems: readonly PolicyProblem[]): void {
  const [first] = problems;
  if (first)
    throw new Problem(422, 'dunning_policy_invalid', `${first.path} ${first.message}`, { errors: [...problems] });
}

const list = route({
  ...reading,
  method: 'get',
  path: '/api/admin/dunning-policies',
  summary: 'List dunning policies',
  query: page,
  answers: { 200: { about: 'The newest first.', schema: listOf(dunningPolicy, 'DunningPolicy') } },
  async handle({ parts, scope, query }) {
    return ok(listBody(await inTenant(parts.db, scope, (trx) => listDunningPolicies(trx, pageOf(query, 'id'))), show));
  },
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/admin/dunning-policies/:id',
  summary: 'Read a dunning policy',
  params,
  answers: { 200: { about: 'The whole of it.', schema: dunningPolicy } },
  async handle({ parts, scope, params: { id } }) {
    const row = await inTenant(parts.db, scope, (trx) => readDunningPolicy(trx, id));
    if (!row) throw notFound('dunning policy');
    return ok(show(row));
  },
});

const create = route({
  ...writing,
  method: 'post',
  path: '/api/admin/dunning-policies',
  summary: 'Draft a dunning policy',
  about: 'The next version of its name. Nobody is dunned by it until it is published.',
  body: dunningPolicyDocument,
  answers: { 201: { about: 'A draft.', schema: dunningPolicy } },
  async handle({ parts, scope, principal, body }) {
    sound(checkDunningPolicy(body));
    const draft = { id: newId('dun'), document: body, at: new Date(), by: principal.ref };
    return created(show(await inTenant(parts.db, scope, (trx) => createDunningPolicy(trx, scope, draft))));
  },
});

const publish = route({
  ...writing,
  method: 'post',
  path: '/api/admin/dunning-policies/:id/publish',
  summary: 'Publish a dunning policy',
  about: 'It can’t be changed any more. Debts that begin from now on are dunned by it; those that run keep theirs.',
  params,
  answers: { 200: { about: 'Published.', schema: dunningPolicy } },
  handle: ({ parts, scope, principal, params: { id } }) =>
    inTenant(parts.db, scope, async (trx) => {
      const others = (await policiesInForce(trx)).map(({ document }) => document);
      const row = await publishDunningPolicy(trx, scope, { id, at: new Date(), by: principal.ref });
      if (!row) throw await notADraft(trx, id);
      // What is thrown takes the publishing back.
      sound([...checkDunningPolicy(row.document), ...checkBeside(row.document, others)]);
      await mustBeSold(trx, row.document);
      return ok(show(row));
    }),
});

async function mustBeSold(trx: Trx, { baselinePlanId: plan }: DunningPolicy): Promise<void> {
  if (plan === undefined) return;
  const book = await priceBookAt(trx, new Date());
  if (book?.document.plans.some(({ id }) => id === plan)) return;
  const sold = book?.document.plans.map(({ id }) => id).join(', ') || 'none';
  sound([{ path: 'baselinePlanId', message: `is ${plan}, and the plans that are sold are ${sold}` }]);
}

async function notADraft(trx: Trx, id: DunningPolicyRow['id']): Promise<Problem> {
  const row = await readDunningPolicy(trx, id);
  if (!row) return notFound('dunning policy');
  return new Problem(
    409,
    'dunning_policy_published',
    `version ${row.version} was published before, and stays as it is`,
    {
      errors: [{ path: 'state', message: `is ${row.state}, and has to be draft` }],
    },
  );
}

export const dunningPolicyRoutes = [list, get, create, publish];
