import type { Language } from '../../documents/words.ts';

export type PageWords = {
  invoice: (number: string) => string;
  payWith: (card: string) => string;
  pay: string;
  another: string;
  processing: string;
  paid: string;
  void: string;
  declined: string;
  elsewhere: string;
  test: string;
  broken: string;
  cancelHeading: (plan: string) => string;
  runs: (date: string) => string;
  cancel: string;
  planned: (date: string) => string;
  undo: string;
  over: string;
};

const english: PageWords = {
  invoice: (number) => `Invoice ${number}`,
  payWith: (card) => `Pay with ${card}`,
  pay: 'Pay',
  another: 'Use another card',
  processing: 'The payment is on its way. This page says when it has arrived; you may also close it.',
  paid: 'Thank you: this invoice is paid.',
  void: 'There is nothing to pay any more.',
  declined: 'It was declined. Please try another card.',
  elsewhere: 'It can’t be paid on this page just now. Please pay in your account, or try again later.',
  test: 'Test mode: no money is moved.',
  broken: 'This link does not work',
  cancelHeading: (plan) => `Your subscription ${plan}`,
  runs: (date) =>
    `It is paid until ${date}. If you cancel, you can use it until then, and nothing is charged any more.`,
  cancel: 'Cancel the subscription',
  planned: (date) => `It ends on ${date}. You can use it, and change your mind, until then.`,
  undo: 'Keep the subscription',
  over: 'It has ended.',
};

const german: PageWords = {
  invoice: (number) => `Rechnung ${number}`,
  payWith: (card) => `Mit ${card} bezahlen`,
  pay: 'Bezahlen',
  another: 'Andere Karte verwenden',
  processing: 'Die Zahlung ist unterwegs. Diese Seite sagt, wenn sie angekommen ist; Sie können sie auch schließen.',
  paid: 'Vielen Dank: Diese Rechnung ist bezahlt.',
  void: 'Es ist nichts mehr zu zahlen.',
  declined: 'Die Zahlung wurde abgelehnt. Bitte versuchen Sie eine andere Karte.',
  elsewhere: 'Auf dieser Seite geht es gerade nicht. Bitte zahlen Sie in Ihrem Konto, oder versuchen Sie es später.',
  test: 'Testbetrieb: Es fließt kein Geld.',
  broken: 'Dieser Link funktioniert nicht',
  cancelHeading: (plan) => `Ihr Abonnement ${plan}`,
  runs: (date) =>
    `Es ist bis zum ${date} bezahlt. Wenn Sie kündigen, können Sie es bis dahin nutzen, und es wird nichts mehr abgebucht.`,
  cancel: 'Abonnement kündigen',
  planned: (date) => `Es endet am ${date}. Bis dahin können Sie es nutzen, und es sich anders überlegen.`,
  undo: 'Abonnement behalten',
  over: 'Es ist beendet.',
};

/** Where we have no words yet, English ones. */
export const pageWords = (language: Language): PageWords => (language === 'de' ? german : english);
