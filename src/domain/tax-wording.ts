import type { TaxNote } from './tax.ts';

/** For reverse charge the words that each language's version of the VAT directive has (article 226, 11a). */
const REVERSE_CHARGE: Record<string, string> = {
  bg: 'Обратно начисляване',
  cs: 'Daň odvede zákazník',
  da: 'Omvendt betalingspligt',
  de: 'Steuerschuldnerschaft des Leistungsempfängers',
  el: 'Αντίστροφη επιβάρυνση',
  es: 'Inversión del sujeto pasivo',
  et: 'Pöördmaksustamine',
  fi: 'Käännetty verovelvollisuus',
  fr: 'Autoliquidation',
  hr: 'Prijenos porezne obveze',
  hu: 'Fordított adózás',
  it: 'Inversione contabile',
  ja: 'リバースチャージ',
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

/** In the languages that invoices are written in. */
const OUTSIDE_SCOPE: Record<string, string> = {
  de: 'Nicht im Inland steuerbar: Leistungsort ist der Sitz des Kunden',
  es: 'Operación no sujeta al IVA: se localiza donde está establecido el cliente',
  fr: 'Opération hors du champ de la TVA : elle est localisée au lieu d’établissement du client',
  ja: '課税対象外（役務の提供地は顧客の所在地）',
};
const CUSTOMER_EXEMPT: Record<string, string> = {
  de: 'Der Kunde ist von der Steuer befreit',
  es: 'El cliente está exento del impuesto',
  fr: 'Le client est exonéré de la taxe',
  ja: '顧客は免税対象です',
};
const NATIVE: Record<TaxNote, Record<string, string>> = {
  reverse_charge: REVERSE_CHARGE,
  outside_scope: OUTSIDE_SCOPE,
  customer_exempt: CUSTOMER_EXEMPT,
};

/** The sentence on the invoice. Tax offices read English; the customer's own words stand before it where they are known. */
export function wordingOf(note: TaxNote, locale: string): string {
  const native = NATIVE[note][locale.split('-')[0]!.toLowerCase()];
  return native === undefined ? ENGLISH[note] : `${native}. ${ENGLISH[note]}`;
}
