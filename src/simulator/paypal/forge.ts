/**
 * Another body with the same CRC32: why such a signature proves so little. A CRC is linear, so what each of some letters
 * changes of it can be added up, and the right ones are found as in any system of equations.
 */
import { crc32 } from 'node:zlib';

const SPARE = 64;

/** `document` with one more field, so that its JSON has the checksum of `genuine`. */
export function forged(genuine: string, document: object): string {
  const head = JSON.stringify({ ...document, padding: '' }).slice(0, -2);
  const bodyOf = (letters: string): string => `${head}${letters}"}`;
  const none = '0'.repeat(SPARE);
  const base = crc32(bodyOf(none));
  // What a 1 instead of the 0 changes, at each place. Kept so that each basis vector has a highest bit of its own.
  const basis: { vector: number; places: bigint }[] = [];
  for (let place = 0; place < SPARE && basis.length < 32; place++) {
    const letters = `${none.slice(0, place)}1${none.slice(place + 1)}`;
    const reduced = reduce(basis, { vector: (crc32(bodyOf(letters)) ^ base) >>> 0, places: 1n << BigInt(place) });
    if (reduced.vector !== 0) basis.push(reduced);
  }
  const { vector, places } = reduce(basis, { vector: (crc32(genuine) ^ base) >>> 0, places: 0n });
  if (vector !== 0) throw new Error('the letters do not span all checksums');
  return bodyOf(Array.from(none, (_, place) => ((places >> BigInt(place)) & 1n ? '1' : '0')).join(''));
}

type Entry = { vector: number; places: bigint };

function reduce(basis: readonly Entry[], entry: Entry): Entry {
  let { vector, places } = entry;
  for (const each of basis.toSorted((a, b) => b.vector - a.vector)) {
    if ((vector ^ each.vector) >>> 0 < vector) {
      vector = (vector ^ each.vector) >>> 0;
      places ^= each.places;
    }
  }
  return { vector, places };
}
