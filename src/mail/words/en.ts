import type { Dictionary } from './dictionary.ts';

const another = 'Please use another payment method, or ask your bank why.';

export const english: Dictionary = {
  advice: {
    soft: 'Your bank did not approve it this time. It may work another day; another payment method works at once.',
    insufficient_funds: 'There was not enough money in the account. Top it up, or use another payment method.',
    hard: another,
    card_replaced: 'The card has expired or was replaced. Please add the new one.',
    authentication_required: 'Your bank wants you to confirm it yourself.',
    fraud_suspected: another,
    processor_trouble: 'It did not fail because of you. We will try again.',
    no_payment_method: 'There is no payment method on file. Please add one.',
  },
  why: (seller) => `You receive this because you have a subscription with ${seller}.`,
  test: 'A test: no money is moved.',
  templates: {
    trial_ending: {
      subject: 'Your trial of {{plan}} ends on {{date}}',
      body: `Hello {{name}},

your trial of {{plan}} ends on {{date}}. If you do nothing, your subscription begins then, and we charge {{amount}}.

We will charge {{card}}.

If you don’t want to go on, cancel before that day and nothing is charged.

[Cancel the subscription](cancelUrl)`,
    },
    price_changing: {
      subject: '{{plan}} costs {{amount}} from {{date}}',
      body: `Hello {{name}},

on {{date}} the price of your subscription {{plan}} changes from {{oldAmount}} to {{amount}} a period.

We will charge {{card}}.

If you don’t want to go on at that price, cancel before that day.

[Cancel the subscription](cancelUrl)`,
    },
    renewal_ahead: {
      subject: '{{plan}} renews on {{date}}',
      body: `Hello {{name}},

your subscription {{plan}} renews on {{date}} for {{amount}}.

We will charge {{card}}.

There is nothing to do if you want to go on. Otherwise cancel before that day.

[Cancel the subscription](cancelUrl)`,
    },
    receipt: {
      subject: 'Receipt {{invoice}} from {{seller}}',
      body: `Hello {{name}},

thank you: we have received {{amount}} on {{date}} for invoice {{invoice}}.

Paid with {{card}}.

The invoice is attached: {{attachment}}.`,
    },
    payment_failed: {
      subject: 'Your payment to {{seller}} failed',
      body: `Hello {{name}},

we could not collect {{amount}} for invoice {{invoice}} ({{plan}}).

We tried {{card}}.

{{advice}}

We try again on {{retryDate}}.

[Pay now](payUrl)`,
    },
    action_needed: {
      subject: 'Please confirm your payment to {{seller}}',
      body: `Hello {{name}},

your bank asks you to confirm the payment of {{amount}} for invoice {{invoice}} ({{plan}}). Until you do, it can’t go through.

It is to be paid with {{card}}.

[Confirm the payment](payUrl)

No login is needed. The link is for this one invoice.`,
    },
    card_expiring: {
      subject: 'Your card is about to expire',
      body: `Hello {{name}},

the card {{card}}, by which your subscription {{plan}} is paid, expires soon.

The next charge comes on {{date}}. Please add another card before that.

[Add a card](manageUrl)`,
    },
    grace_ending: {
      subject: 'Access to {{plan}} will be restricted on {{date}}',
      body: `Hello {{name}},

{{amount}} are overdue for {{plan}}. On {{date}} we will have to restrict your access.

[Pay now](payUrl)`,
    },
    restricted: {
      subject: 'Access to {{plan}} is restricted',
      body: `Hello {{name}},

{{amount}} are overdue for {{plan}}, so your access is restricted. It comes back as soon as you pay.

Without a payment the service stops on {{date}}.

[Pay now](payUrl)`,
    },
    unpaid: {
      subject: '{{plan}} has stopped',
      body: `Hello {{name}},

{{amount}} for {{plan}} were not paid, so the service has stopped. It goes on as soon as you pay.

[Pay now](payUrl)`,
    },
    cancellation_planned: {
      subject: '{{plan}} ends on {{date}}',
      body: `Hello {{name}},

as you wished, your subscription {{plan}} ends on {{date}}. You can use it until then, and change your mind until then.

[To the subscription](manageUrl)`,
    },
    canceled: {
      subject: '{{plan}} has ended',
      body: `Hello {{name}},

your subscription {{plan}} ended on {{date}}. Thank you for having been with us.`,
    },
    resumed: {
      subject: '{{plan}} goes on',
      body: `Hello {{name}},

your subscription {{plan}} goes on.

It renews on {{date}}.`,
    },
    paused: {
      subject: '{{plan}} is paused',
      body: `Hello {{name}},

your subscription {{plan}} is paused. Nothing is charged meanwhile.

It resumes on {{date}}.

[To the subscription](manageUrl)`,
    },
    plan_changed: {
      subject: 'Your subscription was changed to {{newPlan}}',
      body: `Hello {{name}},

your subscription changes from {{plan}} to {{newPlan}}, from {{date}} on. A period then costs {{amount}}.

[To the subscription](manageUrl)`,
    },
    refund: {
      subject: '{{seller}} has refunded {{amount}}',
      body: `Hello {{name}},

we have refunded {{amount}} to the payment method that it came from. It may take some days to arrive.

It is for invoice {{invoice}}.`,
    },
    card_changed: {
      subject: 'Your payment method was changed',
      body: `Hello {{name}},

your subscription {{plan}} is paid with {{card}} from now on. If that was not you, please tell us at once.

[To the subscription](manageUrl)`,
    },
  },
};
