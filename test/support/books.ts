/** The books of one subscription, kept by the core's own postings and spans, without a database. */
import { bookedThrough, endedOn, mirrored, type Span, spanOf } from '../../src/domain/earning.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { Invoice } from '../../src/domain/invoice.ts';
import {
  type AccountCode,
  entriesOf,
  invoiceIssued,
  invoiceVoided,
  type Posting,
  revenueRecognised,
} from '../../src/domain/ledger.ts';
import { type Day, dayOf, type TimeZone } from '../../src/domain/time.ts';

export class Books {
  readonly invoices = new Map<string, Invoice>();
  spans: { invoice: string; span: Span }[] = [];
  private readonly postings: Posting[] = [];
  private readonly timeZone: TimeZone;

  constructor(timeZone: TimeZone) {
    this.timeZone = timeZone;
  }

  take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'issue_invoice') this.issue(effect.invoice);
      if (effect.type === 'void_invoice') this.void(effect.invoice, effect.at);
      if (effect.type === 'earn_rest') {
        this.spans.push(
          ...this.spans.flatMap(({ invoice, span }) => endedOn(span, effect.day).map((span) => ({ invoice, span }))),
        );
      }
    }
  }

  /** With everything recognised that is over by the end of that day. */
  through(day: Day): (code: AccountCode) => number {
    const parts = this.spans.map(({ span }) => ({ product: span.product, ...bookedThrough(span, day) }));
    const balances = new Map<AccountCode, number>();
    for (const posting of [
      ...this.postings,
      revenueRecognised(parts, { subscription: null, currency: 'usd', at: 0 }),
    ]) {
      for (const { account, amount } of entriesOf(posting)) {
        balances.set(account.code, (balances.get(account.code) ?? 0) + amount);
      }
    }
    return (code) => balances.get(code) ?? 0;
  }

  private issue(invoice: Invoice): void {
    this.invoices.set(invoice.id, invoice);
    this.postings.push(invoiceIssued(invoice.lines, this.about(invoice.issuedAt)));
    for (const line of invoice.lines) {
      const span = spanOf(line, dayOf(invoice.issuedAt, this.timeZone));
      if (span) this.spans.push({ invoice: invoice.id, span });
    }
  }

  private void(id: string, at: number): void {
    const invoice = this.invoices.get(id)!;
    this.invoices.delete(id);
    this.postings.push(invoiceVoided(invoice.lines, this.about(at)));
    const own = this.spans.filter((each) => each.invoice === id);
    const day = dayOf(at, this.timeZone);
    this.spans.push(...own.map(({ span }) => ({ invoice: id, span: mirrored(span, day) })));
  }

  private about = (at: number) => ({ customer: 'cus_1', subscription: 'sub_1', currency: 'usd', at }) as const;
}
