/** The mails that there are, and what each may speak of. A template that names anything else is refused. */

/** `always`: it is there whenever the mail is made. `sometimes`: a paragraph that names it is left out where it is not. */
type Speaks = { about: string; always: readonly Variable[]; sometimes: readonly Variable[] };

/** What they stand for, and an example, for previews and for who writes a template. Addresses end in `Url`. */
export const VARIABLES = {
  seller: { about: 'who sells', example: 'Acme' },
  name: { about: 'the customer’s name', example: 'Ada Lovelace' },
  plan: { about: 'the plan', example: 'Pro' },
  newPlan: { about: 'the plan after a change', example: 'Business' },
  amount: { about: 'the money that it is about', example: '$30.00' },
  oldAmount: { about: 'what was paid so far', example: '$15.00' },
  invoice: { about: 'the invoice’s number', example: 'INV-000042' },
  date: { about: 'the day that it is about', example: 'March 1, 2027' },
  retryDate: { about: 'when it is tried again', example: 'March 4, 2027' },
  advice: { about: 'what helps against the decline', example: 'Please use another card, or ask your bank.' },
  attachment: { about: 'the file that comes along', example: 'INV-000042.pdf' },
  card: { about: 'brand and last four digits', example: 'Visa •••• 4242' },
  payUrl: { about: 'where the invoice is paid', example: 'https://billing.example.com/pay/…' },
  cancelUrl: { about: 'where the subscription is canceled', example: 'https://billing.example.com/cancel/…' },
  manageUrl: { about: 'the page of the tenant’s own, from its mail settings', example: 'https://example.com/billing' },
} as const satisfies Record<string, { about: string; example: string }>;

export type Variable = keyof typeof VARIABLES;

const EVERYWHERE = ['name', 'manageUrl'] as const;
const speaks = (about: string, always: readonly Variable[], sometimes: readonly Variable[] = []): Speaks => ({
  about,
  always: ['seller', 'plan', ...always],
  sometimes: [...EVERYWHERE, ...sometimes],
});

export const MESSAGES = {
  trial_ending: speaks('A trial ends, and the first charge comes', ['date', 'amount', 'cancelUrl'], ['card']),
  price_changing: speaks('The next period costs another price', ['date', 'amount', 'oldAmount', 'cancelUrl'], ['card']),
  renewal_ahead: speaks('A yearly subscription renews', ['date', 'amount', 'cancelUrl'], ['card']),
  receipt: speaks('An invoice is paid; it comes along as a PDF', ['amount', 'invoice', 'date'], ['card', 'attachment']),
  payment_failed: speaks('A charge was declined', ['amount', 'invoice', 'advice', 'payUrl'], ['card', 'retryDate']),
  action_needed: speaks('The bank wants the customer to confirm a payment', ['amount', 'invoice', 'payUrl'], ['card']),
  card_expiring: speaks('The card on file expires before the next charge', ['card'], ['date']),
  grace_ending: speaks('Access will be restricted, as an invoice is overdue', ['amount', 'date', 'payUrl']),
  restricted: speaks('Access is restricted', ['amount', 'payUrl'], ['date']),
  unpaid: speaks('The service has stopped, as an invoice was not paid', ['amount', 'payUrl']),
  cancellation_planned: speaks('It is going to end on a day', ['date']),
  canceled: speaks('It has ended', ['date']),
  resumed: speaks('It goes on: after a pause, or as its end was taken back', [], ['date']),
  paused: speaks('It is paused', [], ['date']),
  plan_changed: speaks('Another plan or quantity', ['newPlan', 'amount', 'date']),
  refund: speaks('Money was given back', ['amount'], ['invoice']),
  card_changed: speaks('The subscription is paid by another method', ['card']),
} as const satisfies Record<string, Speaks>;

export type Message = keyof typeof MESSAGES;

export const messageNames = Object.keys(MESSAGES) as Message[];

/** What a mail of this kind is made of: all that it speaks of always, and of the rest what there is. */
export type Values = Partial<Record<Variable, string | null>>;

export const variablesOf = (message: Message): Variable[] => [
  ...MESSAGES[message].always,
  ...MESSAGES[message].sometimes,
];

/** For a preview of what nobody was sent. */
export const exampleOf = (message: Message): Values =>
  Object.fromEntries(variablesOf(message).map((name) => [name, VARIABLES[name].example]));
