/** From what a subscription tells to a mail: once, however it is told; and out to a server that takes it, or doesn't. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commit } from '../../src/db/commit.ts';
import { createCustomer } from '../../src/db/customers.ts';
import { findSuppression, suppress, writeMailSettings, writeMailTemplate } from '../../src/db/mail-settings.ts';
import { openLetter } from '../../src/db/mails.ts';
import { inTenant, type Scope } from '../../src/db/tenant.ts';
import type { CustomerId, InvoiceId, SubscriptionId } from '../../src/domain/ids.ts';
import { mailConsumer } from '../../src/mail/mailer.ts';
import { sendDue, smtpAt } from '../../src/mail/send.ts';
import { type Event, mailFor } from '../../src/mail/write.ts';
import { createOutboxRelay } from '../../src/outbox/relay.ts';
import { createProcessors } from '../../src/processors/processors.ts';
import { parseKeyRing } from '../../src/security/key-ring.ts';
import { createTaxes } from '../../src/tax/taxes.ts';
import { SCOPE, step, useDatabase } from '../db/support.ts';
import { draft, START, subscribe } from '../domain/builders.ts';

const database = useDatabase();
const LIVE: Scope = { tenant: 'ten_1', mode: 'live' };
const keys = { ring: parseKeyRing(`k1:${randomBytes(32).toString('base64')}`), blindIndexKey: randomBytes(32) };
const quiet = { info() {}, warn() {}, error() {} };
const deps = (sends = true) => ({
  ...{ db: database.db, keys, taxes: createTaxes({}), sends, log: quiet },
  processors: createProcessors({
    stripe: [
      { apiKey: 'sk_test_x', apiBase: 'http://127.0.0.1:9' },
      { apiKey: 'sk_live_x', apiBase: 'http://127.0.0.1:9' },
    ],
  }),
  links: { key: randomBytes(32), publicUrl: 'https://pay.example.com' },
});

let count = 0;
/** A customer whose first invoice is paid. */
async function paying(scope: Scope, over: { email?: string | null; locale?: string; name?: string } = {}) {
  const n = ++count;
  const customer: CustomerId = `cus_mail${n}`;
  const subscription: SubscriptionId = `sub_mail${n}`;
  const invoice: InvoiceId = `inv_mail${n}_1`;
  await inTenant(database.db, scope, (trx) =>
    createCustomer(trx, keys, scope, {
      ...{ id: customer, externalId: null, name: 'Ada', email: `ada${n}@example.com`, locale: 'en' },
      ...{ timeZone: 'UTC', currency: 'usd', clockId: null, createdAt: START, ...over },
    }),
  );
  const paid = { type: 'payment_succeeded', invoice, attempt: 1, payment: `pi_${n}`, amount: 3_000 } as const;
  const begun = step(draft({ id: subscription, customer, ...scope }), [subscribe(), START]);
  expect(await commit(database.db, begun)).toEqual({ outcome: 'committed' });
  const settled = step(begun.subscription, [paid, START + 1_000]);
  expect(await commit(database.db, settled)).toEqual({ outcome: 'committed' });
  const event = (type: string, payload: Event['payload'], version = 2): Event => ({
    ...{ ...scope, subscription, version, type, payload, at: START + 1_000 },
  });
  return {
    customer,
    subscription,
    invoice,
    state: settled.subscription,
    receipt: event('invoice.paid', { invoice }),
    event,
  };
}

const mailsOf = (scope: Scope, customer: CustomerId) =>
  inTenant(database.db, scope, async (trx) => {
    const rows = await trx.selectFrom('mails').selectAll().where('customer_id', '=', customer).orderBy('id').execute();
    return Promise.all(rows.map(async (row) => ({ row, letter: await openLetter(trx, keys, scope, row) })));
  });

describe('written', () => {
  test('in the customer’s language, sealed, and kept where nothing is sent', async () => {
    const { customer, receipt } = await paying(SCOPE, { locale: 'de-DE', name: 'Jürgen <Groß>' });
    expect(await mailFor(deps(), receipt)).toMatch(/^mail_/);
    const [mail] = await mailsOf(SCOPE, customer);
    expect(mail!.row).toMatchObject({
      state: 'kept',
      message: 'receipt',
      language: 'de',
      attached_invoice_id: receipt.payload.invoice,
    });
    expect(mail!.row.sealed).not.toContain('Groß');
    expect(mail!.letter.subject).toMatch(/^Quittung INV-\d{6} von ten_1$/);
    expect(mail!.letter.text).toContain('30,00\u00a0$');
    expect(mail!.letter.html).toContain('Jürgen &lt;Groß&gt;');
    expect(mail!.letter.html).toContain('Ein Test');
  });

  test('in the tenant’s own words and colours', async () => {
    const { customer, receipt } = await paying(LIVE);
    await inTenant(database.db, LIVE, async (trx) => {
      const at = new Date();
      await writeMailSettings(trx, LIVE, { senderName: 'Acme', accent: '#ffcc00', replyTo: null, manageUrl: null }, at);
      const own = { message: 'receipt', language: 'en', subject: 'Ta for {{amount}}', body: 'From {{seller}}' };
      await writeMailTemplate(trx, LIVE, own, at);
    });
    await mailFor(deps(false), receipt);
    const [mail] = await mailsOf(LIVE, customer);
    expect(mail!.letter).toMatchObject({ subject: 'Ta for $30.00', text: expect.stringContaining('From Acme') });
    expect(mail!.letter.html).toContain('background:#ffcc00;color:#000000');
  });

  test('nothing of a card, whatever somebody is called', async () => {
    const { customer, receipt } = await paying(SCOPE, { name: 'Ada 4242 4242 4242 4242' });
    await mailFor(deps(), receipt);
    const [mail] = await mailsOf(SCOPE, customer);
    expect(JSON.stringify(mail!.letter)).not.toContain('4242 4242');
  });

  test.each([
    ['without an address', { email: null }, 'unaddressed'],
    ['with one', {}, 'queued'],
  ] as const)('in live mode %s: %s', async (_, over, state) => {
    const { customer, receipt } = await paying(LIVE, over);
    await mailFor(deps(), receipt);
    expect((await mailsOf(LIVE, customer)).map(({ row }) => row.state)).toEqual([state]);
  });

  test('not of what is over', async () => {
    const { event, invoice } = await paying(SCOPE);
    const failed = event('payment.failed', { invoice, attempt: 1, decline: 'soft', code: 'x', retryAt: null });
    expect(await mailFor(deps(), failed)).toBeNull(); // it was paid meanwhile
    expect(await mailFor(deps(), event('subscription.trial_will_end', { until: START }))).toBeNull();
    expect(await mailFor(deps(), event('subscription.renewed', { period: 1 }))).toBeNull();
  });
});

type Deed = 'tell' | 'tell as another relay' | 'tell both at once';

property.prop(
  [
    fc.array(fc.constantFrom<Deed>('tell', 'tell as another relay', 'tell both at once'), {
      minLength: 1,
      maxLength: 6,
    }),
  ],
  { numRuns: 12 },
)('one mail a cause, in whatever order it is told and told again', async (deeds) => {
  const { customer, receipt, event } = await paying(SCOPE);
  const paused = event('subscription.paused', { resumeAt: null });
  const tell = () => [mailFor(deps(), receipt), mailFor(deps(), paused)];
  for (const deed of deeds) {
    if (deed === 'tell both at once') await Promise.all([...tell(), ...tell()]);
    else for (const told of deed === 'tell' ? tell() : tell().reverse()) await told;
  }
  const mails = await mailsOf(SCOPE, customer);
  expect(mails.map(({ row }) => row.cause).sort()).toEqual(
    [`paused/${paused.subscription}/2`, `receipt/${receipt.payload.invoice}`].sort(),
  );
});

test('the outbox’s relay brings what was announced, and what one cannot write holds up no other', async () => {
  const seen: string[] = [];
  const consumer = mailConsumer({
    ...deps(),
    log: { ...quiet, error: (fields) => void seen.push(JSON.stringify(fields)) },
  });
  const relay = createOutboxRelay({ db: database.db, consumers: [consumer], log: quiet });
  await relay.drain();
  const bad = await paying(SCOPE);
  // Its key is gone: nobody can write to it, or read what was.
  await inTenant(database.db, SCOPE, (trx) =>
    trx.updateTable('customers').set({ data_key: 'v1.k1.AAAA' }).where('id', '=', bad.customer).execute(),
  );
  const good = await paying(SCOPE);
  await relay.drain();
  expect((await mailsOf(SCOPE, good.customer)).map(({ row }) => row.message)).toEqual(['receipt']);
  expect(seen).toHaveLength(1);
});

describe('sent', () => {
  const taken: Email[] = [];
  /** What the server says to the next recipients, or to the next message. */
  const says: { rcpt: number[]; data: number[] } = { rcpt: [], data: [] };
  const refusal = (code: number) => Object.assign(new Error('no'), { responseCode: code });
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: (_address, _session, done) => done(says.rcpt.length > 0 ? refusal(says.rcpt.shift()!) : null),
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        const code = says.data.shift();
        if (code) return done(refusal(code));
        taken.push(await PostalMime.parse(Buffer.concat(chunks)));
        done();
      });
    },
  });
  let smtp: ReturnType<typeof smtpAt>;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    smtp = smtpAt(`smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, 'billing@example.com');
    // What other tests have left is none of ours.
    await inTenant(database.db, LIVE, (trx) =>
      trx.updateTable('mails').set({ state: 'kept' }).where('state', '=', 'queued').execute(),
    );
  });
  afterAll(async () => {
    smtp.transport.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const send = () => sendDue({ db: database.db, keys, smtp, log: quiet });
  const letPass = (customer: CustomerId) =>
    inTenant(database.db, LIVE, (trx) =>
      trx
        .updateTable('mails')
        .set({ next_try_at: new Date(0), leased_until: null })
        .where('customer_id', '=', customer)
        .execute(),
    );
  const queued = async () => {
    const made = await paying(LIVE);
    await mailFor(deps(), made.receipt);
    taken.length = 0;
    return made;
  };
  const stateOf = async (customer: CustomerId) => (await mailsOf(LIVE, customer))[0]!.row;

  test('as HTML, as text, and with the invoice as a PDF', async () => {
    const { customer } = await queued();
    await send();
    const { row, letter } = (await mailsOf(LIVE, customer))[0]!;
    expect(row).toMatchObject({ state: 'sent', attempts: 1, reason: null });
    const [mail, ...others] = taken;
    expect(others).toEqual([]);
    expect(mail).toMatchObject({
      ...{ subject: letter.subject, from: { address: 'billing@example.com' }, to: [{ address: letter.to }] },
      ...{ messageId: `<${row.id}@example.com>` },
    });
    expect(mail!.text?.trim()).toBe(letter.text.trim());
    expect(mail!.html).toContain('<!doctype html>');
    const [pdf] = mail!.attachments;
    expect(pdf).toMatchObject({ mimeType: 'application/pdf', filename: expect.stringMatching(/^INV-\d{6}\.pdf$/) });
    expect(
      Buffer.from(pdf!.content as ArrayBuffer)
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
    await send();
    expect(taken).toHaveLength(1);
  });

  test('again where the server is busy', async () => {
    const { customer } = await queued();
    says.rcpt.push(451);
    await send();
    expect(await stateOf(customer)).toMatchObject({
      state: 'queued',
      reason: 'not taken yet: 451',
      leased_until: null,
    });
    await send(); // not before its time
    expect(taken).toEqual([]);
    await letPass(customer);
    await send();
    expect(await stateOf(customer)).toMatchObject({ state: 'sent', attempts: 2 });
    expect(taken).toHaveLength(1);
  });

  test('never again to an address that the server refuses', async () => {
    const { customer, event } = await queued();
    says.rcpt.push(550);
    await send();
    expect(await stateOf(customer)).toMatchObject({ state: 'bounced', reason: 'the server refuses the address: 550' });
    await mailFor(deps(), event('subscription.paused', { resumeAt: null }));
    expect((await mailsOf(LIVE, customer)).map(({ row }) => row.state).sort()).toEqual(['bounced', 'suppressed']);
    const { to } = (await mailsOf(LIVE, customer))[0]!.letter;
    const kept = await inTenant(database.db, LIVE, (trx) => findSuppression(trx, keys, LIVE, to!.toUpperCase()));
    expect(kept).toMatchObject({ reason: 'bounced', code: '550', customer_id: customer });
  });

  test('not where the server refuses what it says: the address is not to blame', async () => {
    const { customer } = await queued();
    says.data.push(554);
    await send();
    const { letter, row } = (await mailsOf(LIVE, customer))[0]!;
    expect(row).toMatchObject({ state: 'failed', reason: 'the server refuses it: 554' });
    expect(await inTenant(database.db, LIVE, (trx) => findSuppression(trx, keys, LIVE, letter.to!))).toBeNull();
  });

  test('not to who asked not to be written to after it was queued', async () => {
    const { customer } = await queued();
    const { to } = (await mailsOf(LIVE, customer))[0]!.letter;
    const asked = { email: to!, customer: null, reason: 'asked', code: null, at: new Date() } as const;
    await inTenant(database.db, LIVE, (trx) => suppress(trx, keys, LIVE, asked));
    await send();
    expect((await stateOf(customer)).state).toBe('suppressed');
    expect(taken).toEqual([]);
  });

  test('once by several relays at once, and again under the same id after a kill in between', async () => {
    const { customer } = await queued();
    await Promise.all([send(), send(), send()]);
    expect(taken).toHaveLength(1);
    // Killed after the server took it and before that was written down.
    await inTenant(database.db, LIVE, (trx) =>
      trx.updateTable('mails').set({ state: 'queued', sent_at: null }).where('customer_id', '=', customer).execute(),
    );
    await letPass(customer);
    await send();
    expect(new Set(taken.map(({ messageId }) => messageId)).size).toBe(1);
  });
});
