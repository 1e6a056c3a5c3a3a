/**
 * Hands queued mails to an SMTP server. What it can't take now is brought again; an address that it refuses for good is
 * written to no more. A kill between its yes and our note of it makes the mail go out again under the same Message-ID, by
 * which mail programs know it.
 */
import { createTransport, type Transporter } from 'nodemailer';
import { printedInvoice } from '../customers/printed.ts';
import type { Db } from '../db/client.ts';
import type { CustomerKeys } from '../db/customers.ts';
import { readInvoice } from '../db/invoices.ts';
import { isSuppressed, readMailSettings, suppress } from '../db/mail-settings.ts';
import { leaseMails, type MailRef, markOver, markSent, openLetter, readMail, tryLater } from '../db/mails.ts';
import { inTenant } from '../db/tenant.ts';
import { readTenant } from '../db/tenants.ts';
import { fileNameOf, invoicePaper } from '../documents/invoice-document.ts';
import { drawPaper } from '../documents/paper.ts';
import { failPoint } from '../fail-point.ts';
import { backOff } from '../relay/settings.ts';

type Log = { warn(fields: object, message: string): void; error(fields: object, message: string): void };
export type SendDeps = { db: Db; keys: CustomerKeys; smtp: Smtp; log: Log };
export type Smtp = { transport: Transporter; from: string };

const AT_ONCE = 8;
const LEASE_MS = 120_000;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 6 * 3_600_000;
/** By then nobody waits for it any more. */
const GIVE_UP_AFTER_MS = 5 * 86_400_000;

export const smtpAt = (url: string, from: string): Smtp => ({
  from,
  transport: createTransport(url, { disableFileAccess: true, disableUrlAccess: true } as object),
});

/** True when there may be more to do at once. */
export async function sendDue(deps: SendDeps): Promise<boolean> {
  const leased = await leaseMails(deps.db, AT_ONCE, LEASE_MS);
  await Promise.all(leased.map((mail) => sendOne(deps, mail)));
  return leased.length === AT_ONCE;
}

async function sendOne({ db, keys, smtp, log }: SendDeps, mail: MailRef): Promise<void> {
  const scope = { tenant: mail.tenant, mode: mail.mode };
  const found = await inTenant(db, scope, async (trx) => {
    const row = await readMail(trx, mail.id);
    if (row?.state !== 'queued') return null;
    const letter = await openLetter(trx, keys, scope, row);
    if (letter.to !== null && (await isSuppressed(trx, keys, scope, letter.to))) {
      await markOver(trx, mail.id, 'suppressed', 'the address is on the suppression list');
      return null;
    }
    const invoice = row.attached_invoice_id && (await readInvoice(trx, row.attached_invoice_id, null));
    return { row, letter, invoice, settings: await readMailSettings(trx) };
  });
  if (!found) return;
  const { row, letter, invoice, settings } = found;
  const to = letter.to ?? ''; // without one it is not queued
  const name = settings.senderName ?? (await readTenant(db, scope))?.name ?? '';
  const printed = invoice ? await printedInvoice({ db, keys }, scope, invoice) : null;
  const attachments = printed
    ? [
        {
          filename: fileNameOf(printed.invoice.number, 'pdf'),
          content: await drawPaper(invoicePaper(printed.invoice, printed.reader)),
          contentType: 'application/pdf',
        },
      ]
    : [];
  try {
    failPoint('mail.before-send');
    await smtp.transport.sendMail({
      from: { name, address: smtp.from },
      to,
      ...(settings.replyTo && { replyTo: settings.replyTo }),
      messageId: `<${mail.id}@${smtp.from.split('@')[1]}>`,
      subject: letter.subject,
      text: letter.text,
      html: letter.html,
      attachments,
      // Nobody's answering machine is to answer it.
      headers: { 'auto-submitted': 'auto-generated' },
    });
  } catch (error) {
    await notSent(error);
    return;
  }
  failPoint('mail.after-send');
  await inTenant(db, scope, (trx) => markSent(trx, mail.id));

  async function notSent(error: unknown): Promise<void> {
    const trouble = troubleOf(error);
    const about = { mail: mail.id, ...scope, kind: trouble.kind, code: trouble.code };
    await inTenant(db, scope, async (trx) => {
      if (trouble.kind === 'bounced') {
        const whose = { email: to, customer: row.customer_id };
        await suppress(trx, keys, scope, { ...whose, reason: 'bounced', code: trouble.code, at: new Date() });
        await markOver(trx, mail.id, 'bounced', `the server refuses the address: ${trouble.code}`);
      } else if (trouble.kind === 'refused' || Date.now() - mail.createdAt.getTime() > GIVE_UP_AFTER_MS) {
        await markOver(trx, mail.id, 'failed', `the server refuses it: ${trouble.code}`);
      } else {
        const again = backOff(FIRST_RETRY_MS, LONGEST_RETRY_MS, mail.attempts - 1);
        await tryLater(trx, mail.id, again, `not taken yet: ${trouble.code}`);
      }
    });
    log[trouble.kind === 'later' ? 'warn' : 'error'](about, 'a mail was not taken');
  }
}

type Trouble = { kind: 'bounced' | 'refused' | 'later'; code: string };

/**
 * `bounced`: this address, for good. `refused`: what it says. All else (away, busy, our own login) may pass. Only codes are
 * kept: a server's words quote the address.
 */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return { kind: 'later', code: 'unknown' };
  const { responseCode, code, command } = error as Error & { responseCode?: number; code?: string; command?: string };
  const said = responseCode ? String(responseCode) : /^[A-Z_]{1,32}$/.test(code ?? '') ? code! : 'unknown';
  if (responseCode === undefined || responseCode < 500) return { kind: 'later', code: said };
  if (code === 'EENVELOPE' && command === 'RCPT TO') return { kind: 'bounced', code: said };
  return { kind: code === 'EMESSAGE' || code === 'EENVELOPE' ? 'refused' : 'later', code: said };
}
