/** Invoices as files, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/client.ts';
import { commit } from '../../src/db/commit.ts';
import type { CustomerId } from '../../src/domain/ids.ts';
import { step } from '../db/support.ts';
import { textOf } from '../documents/pdf-text.ts';
import { draft, START, subscribe, terms } from '../domain/builders.ts';
import { type Api, startApiAlone } from './support.ts';

let db: Db;
let api: Api;
beforeAll(async () => {
  api = await startApiAlone();
  db = api.db;
});
afterAll(() => api?.stop());

let made = 0;

/** As a first period leaves it: issued, and not paid yet. */
async function invoiced(customer: CustomerId, name = 'Pro'): Promise<{ path: string; number: string }> {
  const id = `sub_paper${++made}` as const;
  const begun = step(draft({ id, tenant: api.tenant, customer }), [subscribe({ terms: terms({ name }) }), START]);
  expect(await commit(db, begun)).toEqual({ outcome: 'committed' });
  const path = `/api/billing/invoices/inv_paper${made}_1`;
  const { body } = await api.owner('GET', path);
  return { path, number: body.number };
}

const bytesOf = async (path: string, credential: string) => {
  const response = await fetch(api.url + path, { headers: { authorization: `Bearer ${credential}` } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
};

describe('as a PDF', () => {
  test('it is the customer’s own, in their language, and the same every time', async () => {
    const { id } = await api.customer({ name: 'Jürgen Groß', locale: 'de-DE', timeZone: 'Europe/Berlin' });
    const { path, number } = await invoiced(id);
    const token = await api.token('finance');
    const { response, bytes } = await bytesOf(`${path}/pdf`, token);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${number}.pdf"`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const [page] = textOf(bytes);
    expect(page).toContain('Rechnungsnummer');
    expect(page).toContain('Jürgen Groß');
    expect(page).toContain('1. Januar 2027');
    expect((await bytesOf(`${path}/pdf`, token)).bytes.equals(bytes)).toBe(true);
  });

  test('nobody else’s is there for a customer', async () => {
    const mine = await api.customer();
    const theirs = await api.customer();
    const { path } = await invoiced(theirs.id);
    expect((await theirs.ask('GET', `${path}/pdf`)).status).toBe(200);
    expect((await mine.ask('GET', `${path}/pdf`)).body).toMatchObject({ status: 404, code: 'not_found' });
    expect((await mine.ask('GET', `${path}?format=csv`)).status).toBe(404);
  });
});

describe('as a table', () => {
  test('by the query and by the header, a row for each line', async () => {
    const { id } = await api.customer({ timeZone: 'Asia/Tokyo' });
    const { path, number } = await invoiced(id, '=cmd|"/c calc"!A1, Pro');
    const asked = await api.owner('GET', `${path}?format=csv`);
    expect(asked.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(asked.headers.get('content-disposition')).toBe(`attachment; filename="${number}.csv"`);
    const [head, line, ...rest] = asked.text.split('\r\n');
    expect(head).toMatch(/^number,state,issuedOn,/);
    // 12:00 UTC on New Year's Day is evening in Tokyo: the same day.
    expect(line).toContain(`${number},open,2027-01-01,`);
    expect(line).toContain('"\'=cmd|""/c calc""!A1, Pro"');
    expect(line).toContain(',30.00,0.00,0.00,');
    expect(rest).toEqual(['']);
    expect((await api.owner('GET', path, undefined, { accept: 'text/csv' })).text).toBe(asked.text);
    expect((await api.owner('GET', path, undefined, { accept: '*/*' })).body.id).toBeDefined();
    expect((await api.owner('GET', `${path}?format=json`, undefined, { accept: 'text/csv' })).body.id).toBeDefined();
  });

  test('another format is named', async () => {
    const { id } = await api.customer();
    const { path } = await invoiced(id);
    const { status, body } = await api.owner('GET', `${path}?format=xml`);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: 'format', message: 'json or csv' }]);
  });
});
