import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { verifyStripeSignature } from '../../src/webhooks/stripe-signature.ts';

const NOW = Date.parse('2027-03-01T12:00:00Z');
const SECONDS = NOW / 1000;
const BODY = Buffer.from('{"id":"evt_1","note":"žluťoučký"}');
const OLD = { secret: 'whsec_old' };
const NEW = { secret: 'whsec_new' };

const sign = (secret: string, t: number | string = SECONDS, body: Buffer = BODY): string =>
  createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
const header = (secret: string, t: number | string = SECONDS): string => `t=${t},v1=${sign(secret, t)}`;
const verify = (given: string | undefined, body = BODY, secrets = [NEW, OLD]) =>
  verifyStripeSignature(body, given, secrets, NOW);

const good = sign('whsec_new');

test.each([
  ['one secret, one signature', header('whsec_new'), NEW],
  ['the secret that is being rolled out', header('whsec_old'), OLD],
  ['two signatures, the second ours', `t=${SECONDS},v1=${'0'.repeat(64)},v1=${good}`, NEW],
  ['another scheme beside it', `t=${SECONDS},v1=${good},v0=${'a'.repeat(64)}`, NEW],
  ['the signature before the time', `v1=${good},t=${SECONDS}`, NEW],
  ['almost five minutes old', header('whsec_new', SECONDS - 300), NEW],
  ['almost five minutes ahead', header('whsec_new', SECONDS + 300), NEW],
] as const)('accepted: %s', (_name, given, secret) => {
  expect(verify(given)).toEqual({ valid: true, secret });
});

test('accepted: what the official client signs', () => {
  const given = Stripe.webhooks.generateTestHeaderString({
    payload: BODY.toString('utf8'),
    secret: 'whsec_new',
    timestamp: SECONDS,
  });
  expect(verify(given)).toEqual({ valid: true, secret: NEW });
});

test.each([
  ['no header', undefined],
  ['an empty one', ''],
  ['junk', 'junk'],
  ['junk beside a good one', `${header('whsec_new')},junk`],
  ['a secret of somebody else', header('whsec_other')],
  ['too old', header('whsec_new', SECONDS - 301)],
  ['too far ahead', header('whsec_new', SECONDS + 301)],
  ['no time', `v1=${good}`],
  ['two times', `t=${SECONDS},t=${SECONDS},v1=${good}`],
  ['a time that is no number', `t=now,v1=${sign('whsec_new', 'now')}`],
  ['a time with a tail', `t=${SECONDS}x,v1=${sign('whsec_new', `${SECONDS}x`)}`],
  ['a time with a sign', `t=-1,v1=${sign('whsec_new', '-1')}`],
  ['a time of zero', `t=0,v1=${sign('whsec_new', '0')}`],
  ['milliseconds', `t=${NOW},v1=${sign('whsec_new', NOW)}`],
  ['only the old scheme', `t=${SECONDS},v0=${good}`],
  ['a signature too short', `t=${SECONDS},v1=${good.slice(0, 63)}`],
  ['a signature too long', `t=${SECONDS},v1=${good}0`],
  ['capital letters', `t=${SECONDS},v1=${good.toUpperCase()}`],
  ['an empty signature', `t=${SECONDS},v1=`],
  ['a flipped digit', `t=${SECONDS},v1=${good.replace(/^./, (c) => (c === '0' ? '1' : '0'))}`],
  ['spaces', `t=${SECONDS}, v1=${good}`],
  ['two headers joined', `${header('whsec_new')}, ${header('whsec_new')}`],
  ['without end', `${header('whsec_new')}${`,v1=${'0'.repeat(64)}`.repeat(200)}`],
])('refused: %s', (_name, given) => {
  expect(verify(given)).toMatchObject({ valid: false });
});

test('refused: a byte of the body is another', () => {
  const body = Buffer.from(BODY);
  body[5] = body[5]! ^ 1;
  expect(verify(header('whsec_new'), body)).toMatchObject({ valid: false });
});

test('refused: bytes that only decode to the same text', () => {
  const sent = Buffer.from([0x7b, 0x22, 0xef, 0xbf, 0xbd, 0x22, 0x7d]); // a replacement character, as it is written
  const invalid = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]); // an invalid byte, which a decoder replaces by it
  const given = `t=${SECONDS},v1=${sign('whsec_new', SECONDS, sent)}`;
  expect(verify(given, sent)).toMatchObject({ valid: true });
  expect(verify(given, invalid)).toMatchObject({ valid: false });
});

test('refused: no secret is known', () => {
  expect(verify(header('whsec_new'), BODY, [])).toMatchObject({ valid: false });
});

test('accepted: bytes that are no text at all, since it is for the reader to refuse them', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00]);
  expect(verify(`t=${SECONDS},v1=${sign('whsec_new', SECONDS, bytes)}`, bytes)).toMatchObject({ valid: true });
});
