/**
 * WOFF is a TrueType font with each table deflated (https://www.w3.org/TR/WOFF/). Undone here once, by Node's own zlib: the
 * PDF library would do it in JavaScript at every look at a table, which is most of what a page costs then.
 */
import { inflateSync } from 'node:zlib';
import { invariant } from '../domain/invariant.ts';

const SIGNATURE = 'wOFF';
const HEAD = { woff: 44, ttf: 12 };
const ENTRY = { woff: 20, ttf: 16 };

export function ttfOf(woff: Buffer): Buffer {
  invariant(woff.toString('latin1', 0, 4) === SIGNATURE, 'a font in WOFF');
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, i) => {
    const entry = HEAD.woff + i * ENTRY.woff;
    const [offset, packed, length] = [4, 8, 12].map((at) => woff.readUInt32BE(entry + at)) as [number, number, number];
    const stored = woff.subarray(offset, offset + packed);
    return {
      tag: woff.subarray(entry, entry + 4),
      checksum: woff.readUInt32BE(entry + 16),
      // Kept as it is where deflating would not have made it smaller.
      data: packed < length ? inflateSync(stored) : stored,
    };
  });
  const head = Buffer.alloc(HEAD.ttf + count * ENTRY.ttf);
  woff.copy(head, 0, 4, 8); // its flavour
  head.writeUInt16BE(count, 4);
  const log = Math.floor(Math.log2(count));
  head.writeUInt16BE(2 ** log * 16, 6);
  head.writeUInt16BE(log, 8);
  head.writeUInt16BE(count * 16 - 2 ** log * 16, 10);
  const parts: Buffer[] = [head];
  let offset = head.length;
  tables.forEach(({ tag, checksum, data }, i) => {
    const entry = HEAD.ttf + i * ENTRY.ttf;
    tag.copy(head, entry);
    head.writeUInt32BE(checksum, entry + 4);
    head.writeUInt32BE(offset, entry + 8);
    head.writeUInt32BE(data.length, entry + 12);
    const padding = Buffer.alloc((4 - (data.length % 4)) % 4);
    parts.push(data, padding);
    offset += data.length + padding.length;
  });
  return Buffer.concat(parts);
}
