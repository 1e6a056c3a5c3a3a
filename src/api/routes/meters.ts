/** What is metered: drafted, looked at with real events, published. */
import { z } from 'zod';
import { audit } from '../../db/audit.ts';
import {
  archiveMeter,
  createMeter,
  editMeter,
  listMeters,
  type MeterRow,
  publishMeter,
  readMeter,
} from '../../db/meters.ts';
import { inTenant, type Trx } from '../../db/tenant.ts';
import { lastDaysEvents } from '../../db/usage-preview.ts';
import type { MeterId } from '../../domain/ids.ts';
import { checkMeter, type MeterDocument } from '../../domain/meter.ts';
import { previewMeter } from '../../domain/meter-preview.ts';
import { newId } from '../../ids.ts';
import { listBody, pageOf } from '../paging.ts';
import { notFound, Problem } from '../problem.ts';
import { ADMINS, type Call, created, ok, READERS, route } from '../route.ts';
import {
  meter,
  meterCreate,
  meterDocument,
  meterId,
  meterKey,
  meterPreview,
  meterPreviewBody,
} from '../schemas/usage.ts';
import { listOf, page } from '../schemas.ts';

const reading = { tag: 'Usage', who: READERS, grant: 'usage:read' } as const;
const writing = { tag: 'Usage', who: ADMINS, grant: 'usage:write' } as const;
const params = z.strictObject({ id: meterId });

function sound(document: MeterDocument): MeterDocument {
  const errors = checkMeter(document);
  const [first] = errors;
  if (first) throw new Problem(422, 'meter_invalid', `${first.path} ${first.message}`, { errors });
  return document;
}

async function meterRow(trx: Trx, id: MeterId): Promise<MeterRow> {
  const row = await readMeter(trx, id);
  if (!row) throw notFound('meter');
  return row;
}

async function notIn(trx: Trx, id: MeterId, state: MeterRow['state']): Promise<Problem> {
  const row = await meterRow(trx, id);
  return new Problem(
    409,
    'meter_state',
    `version ${row.version} of ${row.key} is ${row.state}, and has to be ${state}`,
  );
}

const audited = (trx: Trx, { scope, principal }: Call, action: string, { id, key, version }: MeterRow) =>
  audit(trx, scope, { at: new Date(), by: principal.ref, action, subject: id, version, why: { key } });

const list = route({
  ...reading,
  method: 'get',
  path: '/api/admin/meters',
  summary: 'List meters',
  query: page.extend({ key: meterKey.optional() }),
  answers: { 200: { about: 'Each version is one, the newest first.', schema: listOf(meter, 'Meter') } },
  handle: ({ parts, scope, query: { key, ...paging } }) =>
    inTenant(parts.db, scope, async (trx) => ok(listBody(await listMeters(trx, key, pageOf(paging, 'id')), showMeter))),
});

const get = route({
  ...reading,
  method: 'get',
  path: '/api/admin/meters/:id',
  summary: 'Read a meter',
  params,
  answers: { 200: { about: 'One version of it.', schema: meter } },
  handle: ({ parts, scope, params: { id } }) =>
    inTenant(parts.db, scope, async (trx) => ok(showMeter(await meterRow(trx, id)))),
});

const create = route({
  ...writing,
  method: 'post',
  path: '/api/admin/meters',
  summary: 'Draft a meter',
  about: 'With a key that is there already: its next version. Prices name meters by their keys.',
  body: meterCreate,
  answers: { 201: { about: 'A draft: it counts nothing yet.', schema: meter } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const { key, ...document } = call.body;
      const drafted = { id: newId('mtr'), key, document: sound(document), at: new Date() };
      const row = await createMeter(trx, call.scope, drafted);
      await audited(trx, call, 'meter_drafted', row);
      return created(showMeter(row));
    }),
});

const edit = route({
  ...writing,
  method: 'patch',
  path: '/api/admin/meters/:id',
  summary: 'Edit a draft of a meter',
  about: 'What is sent takes the place of all of it.',
  params,
  body: meterDocument,
  answers: { 200: { about: 'As it is now.', schema: meter } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const row = await editMeter(trx, call.params.id, sound(call.body));
      if (!row) throw await notIn(trx, call.params.id, 'draft');
      await audited(trx, call, 'meter_edited', row);
      return ok(showMeter(row));
    }),
});

const preview = route({
  ...reading,
  method: 'post',
  path: '/api/admin/meters/:id/preview',
  summary: 'What a meter would count',
  about: 'Of the last day’s events of its type, at most 10,000, or of those that are sent. Nothing is written.',
  pure: true,
  params,
  body: meterPreviewBody,
  answers: { 200: { about: 'What it makes of them.', schema: meterPreview } },
  handle: ({ parts, scope, params: { id }, body }) =>
    inTenant(parts.db, scope, async (trx) => {
      const row = await meterRow(trx, id);
      const sent = body.events?.filter(({ type }) => type === row.document.eventType);
      const events = sent
        ? sent.map(({ id, subject, time, data = {} }) => ({ id, customer: subject, at: Date.parse(time), data }))
        : await lastDaysEvents(trx, row.document.eventType);
      return ok(previewMeter(row, events));
    }),
});

const publish = route({
  ...writing,
  method: 'post',
  path: '/api/admin/meters/:id/publish',
  summary: 'Publish a meter',
  about:
    'It counts every event from now on, beside the versions before it. What is billed is counted by the version that was ' +
    'in effect when the period began.',
  params,
  answers: { 200: { about: 'It counts.', schema: meter } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const row = await publishMeter(trx, call.scope, call.params.id, new Date());
      if (!row) throw await notIn(trx, call.params.id, 'draft');
      await audited(trx, call, 'meter_published', row);
      return ok(showMeter(row));
    }),
});

const archive = route({
  ...writing,
  method: 'post',
  path: '/api/admin/meters/:id/archive',
  summary: 'Archive a meter',
  about: 'It counts no more. What it has counted is still billed and shown.',
  params,
  answers: { 200: { about: 'It counts no more.', schema: meter } },
  handle: (call) =>
    inTenant(call.parts.db, call.scope, async (trx) => {
      const row = await archiveMeter(trx, call.scope, call.params.id, new Date());
      if (!row) throw await notIn(trx, call.params.id, 'published');
      await audited(trx, call, 'meter_archived', row);
      return ok(showMeter(row));
    }),
});

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const showMeter = ({ id, key, version, state, document, created_at, published_at, archived_at }: MeterRow) => ({
  ...{ id, key, version, state, ...document },
  ...{ createdAt: iso(created_at), publishedAt: iso(published_at), archivedAt: iso(archived_at) },
});

export const meterRoutes = [list, create, get, edit, preview, publish, archive];
