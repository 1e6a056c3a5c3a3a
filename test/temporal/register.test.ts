import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { SEARCH_ATTRIBUTES as ofTheEmbeddedServer } from '../../bootstrap/temporal.mjs';
import { register, SEARCH_ATTRIBUTES } from '../../src/temporal/register.ts';

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(() => connection.close());

const KEYWORD = 2;
const DATETIME = 6;

it('are the attributes that the embedded server begins with', () => {
  const embedded = Object.entries(ofTheEmbeddedServer).map(([name, type]) => [
    name,
    type === 'Datetime' ? DATETIME : KEYWORD,
  ]);
  expect(Object.fromEntries(embedded)).toEqual(SEARCH_ATTRIBUTES);
});

it('registers a namespace with its attributes once, and is quiet about it the second time', async () => {
  const namespace = `registered-${randomUUID()}`;
  const names = Object.keys(SEARCH_ATTRIBUTES);
  const first = await register(connection, namespace);
  expect(first.namespace).toBe('registered');
  expect(first.attributes.sort()).toEqual(names.sort());
  expect(await register(connection, namespace)).toEqual({ namespace: 'present', attributes: [] });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  expect(customAttributes).toMatchObject(SEARCH_ATTRIBUTES);
});
