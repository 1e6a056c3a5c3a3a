import type { IncomingMessage } from 'node:http';

export type Body = { ok: true; bytes: Buffer } | { ok: false; why: 'too_large' | 'too_slow' | 'gone' | 'no_room' };

/** What all bodies together may take while they are read: each is small, but there may be a great many. */
export type Room = { take(bytes: number): boolean; give(bytes: number): void };

export function createRoom(most: number): Room {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > most) return false;
      taken += bytes;
      return true;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}

/** The bytes as they came, bounded in size and time. What is too large isn't read to its end. */
export function readBody(req: IncomingMessage, maxBytes: number, timeoutMs: number, room: Room): Promise<Body> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve({ ok: false, why: 'too_large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let taken = 0;
    const done = (body: Body): void => {
      clearTimeout(timer);
      room.give(taken);
      req.off('data', take).off('end', end).off('error', gone).off('close', gone);
      // A request that is cut off later must not become an unhandled error.
      req.on('error', () => {});
      resolve(body);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) done({ ok: false, why: 'too_large' });
      else if (!room.take(chunk.length)) done({ ok: false, why: 'no_room' });
      else {
        taken += chunk.length;
        chunks.push(chunk);
      }
    };
    const end = (): void => done({ ok: true, bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size) });
    const gone = (): void => done({ ok: false, why: 'gone' });
    const timer = setTimeout(() => done({ ok: false, why: 'too_slow' }), timeoutMs);
    req.on('data', take).once('end', end).once('error', gone).once('close', gone);
  });
}
