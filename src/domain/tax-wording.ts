import type { TaxNote } from './tax.ts';

/** For reverse charge the words that each language's version of the VAT directive has (article 226, 11a). */
const REVERSE_CHARGE: Record<string, string> = {
  bg: 'Обратно начисляване',
  cs: 'Daň odvede zákazník',
  da: 'Omvendt betalingspligt',
  de: 'Steuerschuldnerschaft des Leistungsempfängers',
  el: 'Αντίστροφη επιβάρυνση',
  en: 'Reverse charge',
  es: 'Inversión del sujeto pasivo',
  et: 'Pöördmaksustamine',
  fi: 'Käännetty verovelvollisuus',
  fr: 'Autoliquidation',
  hr: 'Prijenos porezne obveze',
  hu: 'Fordított adózás',
  it: 'Inversione contabile',
  lt: 'Atvirkštinis apmokestinimas',
  lv: 'Nodokļa apgrieztā maksāšana',
  nl: 'Btw verlegd',
  pl: 'Odwrotne obciążenie',
  pt: 'Autoliquidação',
  ro: 'Taxare inversă',
  sk: 'Prenesenie daňovej povinnosti',
  sl: 'Obrnjena davčna obveznost',
  sv: 'Omvänd betalningsskyldighet',
};

const ENGLISH: Record<TaxNote, string> = {
  reverse_charge: 'Reverse charge: the customer accounts for the VAT.',
  outside_scope: 'Outside the scope of VAT: the place of supply is where the customer is established.',
  customer_exempt: 'The customer is exempt from tax.',
};

/** The sentence on the invoice. Tax offices read English; the directive's own word stands before it where it is known. */
export function wordingOf(note: TaxNote, locale: string): string {
  const word = note === 'reverse_charge' ? REVERSE_CHARGE[locale.split('-')[0]!.toLowerCase()] : undefined;
  return word === undefined || word === REVERSE_CHARGE.en ? ENGLISH[note] : `${word}. ${ENGLISH[note]}`;
}
