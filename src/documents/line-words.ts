/**
 * The few sentences that the engine itself writes on a line, in the reader's language, with amounts and days as the reader
 * writes them. A name that somebody gave to a plan stays as it is.
 */
import { decimalsOf, isCurrency } from '../domain/currency.ts';
import { isDay } from '../domain/time.ts';
import type { Formats } from './format.ts';
import type { Language } from './words.ts';

type Sentence = { said: RegExp } & Record<Exclude<Language, 'en'>, string>;

const SENTENCES: Sentence[] = [
  {
    said: /^Unused time on (.*)$/s,
    de: 'Nicht genutzte Zeit: $1',
    fr: 'Temps non utilisé : $1',
    es: 'Tiempo no utilizado: $1',
    ja: '未使用期間：$1',
  },
  {
    said: /^Remaining time on (.*)$/s,
    de: 'Verbleibende Zeit: $1',
    fr: 'Temps restant : $1',
    es: 'Tiempo restante: $1',
    ja: '残り期間：$1',
  },
  {
    said: /^Credit carried to the next invoice$/,
    de: 'Guthaben, vorgetragen auf die nächste Rechnung',
    fr: 'Crédit reporté sur la prochaine facture',
    es: 'Saldo a favor trasladado a la próxima factura',
    ja: '次回の請求へ繰り越すクレジット',
  },
  {
    said: /^Credit from the last invoice$/,
    de: 'Guthaben aus der letzten Rechnung',
    fr: 'Crédit de la facture précédente',
    es: 'Saldo a favor de la factura anterior',
    ja: '前回の請求からのクレジット',
  },
  {
    said: /^Below the smallest charge: carried to the next invoice$/,
    de: 'Unter dem kleinsten Zahlbetrag: vorgetragen auf die nächste Rechnung',
    fr: 'Inférieur au montant minimal : reporté sur la prochaine facture',
    es: 'Inferior al importe mínimo: trasladado a la próxima factura',
    ja: '最低請求額に満たないため次回へ繰越',
  },
  {
    said: /^Carried from the last invoice$/,
    de: 'Vortrag aus der letzten Rechnung',
    fr: 'Report de la facture précédente',
    es: 'Trasladado de la factura anterior',
    ja: '前回の請求からの繰越',
  },
  {
    said: /, each rounded to the minor unit(?=;|$)/,
    de: ', je auf die kleinste Einheit gerundet',
    fr: ', chacun arrondi à l’unité la plus petite',
    es: ', cada uno redondeado a la unidad menor',
    ja: '（それぞれ最小単位に丸め）',
  },
  {
    said: /(\d+) of (\d+) days, since it ends on (\d{4}-\d{2}-\d{2})(?=;|$)/,
    de: '$1 von $2 Tagen, da es am $3 endet',
    fr: '$1 jours sur $2, car cela se termine le $3',
    es: '$1 de $2 días, ya que termina el $3',
    ja: '$2日のうち$1日（$3に終了するため）',
  },
  {
    said: /(\d+) of (\d+) days, up to the anchor on (\d{4}-\d{2}-\d{2})(?=;|$)/,
    de: '$1 von $2 Tagen, bis zum Stichtag am $3',
    fr: '$1 jours sur $2, jusqu’à la date d’échéance du $3',
    es: '$1 de $2 días, hasta la fecha de facturación del $3',
    ja: '$2日のうち$1日（$3の請求基準日まで）',
  },
  {
    said: /(\S+ − \S+|\S+ [A-Z]{3} − \S+ [A-Z]{3}) included: /,
    de: '$1 enthalten: ',
    fr: '$1 inclus : ',
    es: '$1 incluidos: ',
    ja: '$1（込み）：',
  },
  {
    said: /\b1 package of (\d+) ×/,
    de: '1 Paket zu $1 ×',
    fr: '1 lot de $1 ×',
    es: '1 paquete de $1 ×',
    ja: '$1個入り1パック ×',
  },
  {
    said: /\b(\d+) packages of (\d+) ×/,
    de: '$1 Pakete zu $2 ×',
    fr: '$1 lots de $2 ×',
    es: '$1 paquetes de $2 ×',
    ja: '$2個入り$1パック ×',
  },
  {
    said: /([\d.]+)% of (-?[\d.]+ [A-Z]{3})/,
    de: '$1% von $2',
    fr: '$1% de $2',
    es: '$1% de $2',
    ja: '$2の$1%',
  },
  {
    said: /, raised to the minimum of /,
    de: ', angehoben auf den Mindestbetrag von ',
    fr: ', relevé au minimum de ',
    es: ', elevado al mínimo de ',
    ja: '、最低額に引き上げ：',
  },
  {
    said: /, cut to the maximum of /,
    de: ', begrenzt auf den Höchstbetrag von ',
    fr: ', limité au maximum de ',
    es: ', limitado al máximo de ',
    ja: '、上限額に引き下げ：',
  },
  {
    said: /; of that (\d+) of (\d+) days, after a later change$/,
    de: '; davon $1 von $2 Tagen nach einer späteren Änderung',
    fr: ' ; dont $1 jours sur $2 après une modification ultérieure',
    es: '; de ello $1 de $2 días tras un cambio posterior',
    ja: '；後の変更により$2日のうち$1日',
  },
];

export const sentenceIn = (text: string, language: Language): string =>
  language === 'en'
    ? text
    : SENTENCES.reduce((shown, sentence) => shown.replace(sentence.said, sentence[language]), text);

/** Of the arithmetic also the amounts and the days. */
export const arithmeticIn = (text: string, language: Language, formats: Formats): string =>
  sentenceIn(text, language)
    .replaceAll(/\d{4}-\d{2}-\d{2}/g, (day) => (isDay(day) ? formats.day(day) : day))
    .replaceAll(/(\d+(?:\.\d+)?)%/g, (_, percent: string) => formats.percent(percent))
    .replaceAll(/(-?\d+)(?:\.(\d+))? ([A-Z]{3})\b/g, (amount, whole: string, fraction = '', code: string) => {
      const currency = code.toLowerCase();
      return isCurrency(currency) ? formats.price(minorUnits(whole, fraction, decimalsOf(currency)), currency) : amount;
    });

/** "0.0005" of two decimals is 0.05 of the minor unit. */
function minorUnits(whole: string, fraction: string, decimals: number): string {
  const places = fraction.padEnd(decimals, '0');
  const below = places.slice(decimals);
  return `${whole}${places.slice(0, decimals)}${below === '' ? '' : `.${below}`}`;
}
