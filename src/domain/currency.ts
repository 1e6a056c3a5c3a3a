import { invariant } from './invariant.ts';

/** ISO 4217 in lower case, as processors write it. */
export type Currency = string;

const WITHOUT_DECIMALS = 'bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf'.split(' ');
const WITH_THREE_DECIMALS = 'bhd iqd jod kwd lyd omr tnd'.split(' ');
const WITH_TWO_DECIMALS =
  'aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs uah usd uyu uzs ves wst xcd yer zar zmw'.split(
    ' ',
  );

const decimals: ReadonlyMap<Currency, 0 | 2 | 3> = new Map([
  ...WITHOUT_DECIMALS.map((code) => [code, 0] as const),
  ...WITH_TWO_DECIMALS.map((code) => [code, 2] as const),
  ...WITH_THREE_DECIMALS.map((code) => [code, 3] as const),
]);

export const isCurrency = (code: string): boolean => decimals.has(code);

/** How many decimals the currency's major unit has: 2 for usd, 0 for jpy, 3 for kwd. */
export function decimalsOf(currency: Currency): 0 | 2 | 3 {
  const found = decimals.get(currency);
  invariant(found !== undefined, `unknown currency ${currency}`);
  return found;
}
