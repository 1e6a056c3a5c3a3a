import { formatDay, formatTime, type TimeStyle } from './format.ts';
import { useReader } from './words.ts';

/** A moment in the reader's time zone; a plain day (`2027-03-01`) as it is. */
export function DateTime({ at, style = 'day' }: { at: string; style?: TimeStyle }) {
  const { locale, timeZone } = useReader();
  const text = at.length === 10 ? formatDay(at, locale, style) : formatTime(at, locale, timeZone, style);
  return <time dateTime={at}>{text}</time>;
}
