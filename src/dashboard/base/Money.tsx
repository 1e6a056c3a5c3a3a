import { type Amount, formatMoney } from './format.ts';
import { useReader } from './words.ts';

export function Money({ of }: { of: Amount }) {
  const { locale } = useReader();
  return <span className="number">{formatMoney(of, locale)}</span>;
}
