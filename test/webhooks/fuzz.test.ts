/** Whatever comes: it is kept or refused with a problem, and the door stays open. */
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, expect } from 'vitest';
import { readStripeEvent } from '../../src/webhooks/stripe-event.ts';
import { verifyStripeSignature } from '../../src/webhooks/stripe-signature.ts';
import { useDatabase } from '../db/support.ts';
import { event, intent, method, refund } from './events.ts';
import { DEFAULT, SECRET, signed, startDoor } from './support.ts';

const database = useDatabase();
let url: string;
let close: () => void;
beforeAll(async () => {
  const limits = { refusals: 1_000_000, refillMs: 1, atOnce: 100, addresses: 10 };
  ({ url, close } = await startDoor(database.db, [DEFAULT], limits));
});
afterAll(() => close());

const header = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc
    .array(fc.tuple(fc.constantFrom('t', 'v1', 'v0', '', 'T'), fc.constantFrom('=', '==', ''), fc.string()))
    .map((parts) => parts.map((part) => part.join('')).join(',')),
);

test.prop([header, fc.uint8Array({ maxLength: 200 })], { numRuns: 20_000 })(
  'no header and no bytes are genuine, and none throw',
  (given, bytes) => {
    expect(verifyStripeSignature(Buffer.from(bytes), given, [{ secret: SECRET }], Date.now()).valid).toBe(false);
  },
);

/** An event with one or two of its parts turned into something else. */
const genuine = fc
  .constantFrom(
    event('payment_intent.succeeded', intent()),
    event('refund.created', refund()),
    event('payment_method.attached', method()),
  )
  .map((value) => structuredClone(value) as Json);
type Json = { [name: string]: unknown };
const odd = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u0000', '\ud800', '__proto__', 1e308, -0, '4242424242424242'),
);
const mutated = fc
  .tuple(genuine, fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 3 }))
  .map(([value, changes]) => {
    for (const [n, to] of changes) {
      const places = [...placesOf(value)];
      const [object, name] = places[n % places.length]!;
      object[name] = to;
    }
    return JSON.stringify(value);
  });
function* placesOf(object: Json): Generator<[Json, string]> {
  for (const [name, value] of Object.entries(object)) {
    yield [object, name];
    if (typeof value === 'object' && value !== null) yield* placesOf(value as Json);
  }
}

test.prop([mutated], { numRuns: 20_000 })('a signed event of any shape is read or refused', (body) => {
  const read = readStripeEvent(Buffer.from(body), { id: 'default', mode: 'test' });
  if (!read.ok) expect(read.why).not.toBe('');
});

const bytes = fc.oneof(
  { weight: 3, arbitrary: mutated.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.json({ depthSize: 'large' }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((each) => Buffer.from(each)) },
);
const visible = fc
  .string({ minLength: 1, unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  .map((text) => `x${text}`);
const signature = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: visible });
const extra = fc.dictionary(
  fc.constantFrom('content-encoding', 'x-request-id', 'stripe-account', 'forwarded'),
  visible,
);

test.prop([bytes, signature, extra], { numRuns: 600 })(
  'over HTTP: kept with 200, or 400 with a problem',
  async (body, given, headers) => {
    const answer = await fetch(url, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { ...headers, 'stripe-signature': given ?? signedBytes(body) },
    });
    const told = (await answer.json()) as Json;
    if (answer.status !== 200) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(told).toMatchObject({ status: 400, code: expect.stringMatching(/^(invalid_|mode_mismatch)/) });
    }
    expect([200, 400]).toContain(answer.status);
    if (given !== null) expect(told.code).toBe('invalid_signature');
  },
  120_000,
);

const signedBytes = (body: Buffer): string => {
  const text = body.toString('utf8');
  // The official client signs text; bytes that are none get a signature that cannot hold.
  return signed(text);
};
