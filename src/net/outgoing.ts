/**
 * A request to an address that a tenant has named. The name is looked up once, each address that it has is judged, and the
 * connection goes to one of those: a name that says something else a moment later changes nothing. No redirect is
 * followed, the time is bounded, and no more of the answer is read than tells what came of it.
 */
import { lookup as resolve } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isLoopback, isPublicAddress } from './public-address.ts';

export type Outgoing = {
  /** Why it is not sent there at all; null where it is. A name is judged when it is looked up. */
  objection(url: string): string | null;
  post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Answered>;
  close(): void;
};

/** `trouble`: nobody has answered, and why in a word or two. */
export type Answered = { status: number; retryAfterMs: number | null } | { status: null; trouble: string };

const ANSWER_BYTES = 64 * 1024;

class NotPublic extends Error {
  readonly code = 'ADDRESS_NOT_PUBLIC';
}

export type OutgoingOptions = {
  /** For development: this machine, and without encryption. */
  loopback: boolean;
  timeoutMs: number;
};

export function createOutgoing({ loopback, timeoutMs }: OutgoingOptions): Outgoing {
  const isAllowed = (address: string): boolean => isPublicAddress(address) || (loopback && isLoopback(address));
  const lookup: LookupFunction = (name, options, done) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 0);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isAllowed(address))) return done(new NotPublic(), '', 0);
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
  const kept = { keepAlive: true, maxSockets: 32, maxFreeSockets: 16, timeout: 30_000 };
  const agents = { 'http:': new HttpAgent(kept), 'https:': new HttpsAgent(kept) };

  function objection(text: string): string | null {
    if (!URL.canParse(text)) return 'not an address';
    const { protocol, hostname, username, password, hash } = new URL(text);
    const host = hostname.replace(/^\[|\]$/g, '');
    const isHere = host === 'localhost' || isLoopback(host);
    if (protocol !== 'https:' && !(protocol === 'http:' && loopback && isHere))
      return 'an address beginning with https://';
    if (username || password) return 'an address without a user or a password';
    if (hash) return 'an address without a fragment';
    if (isIP(host) ? !isAllowed(host) : isHere && !loopback) return 'an address that can be reached publicly';
    return null;
  }

  const post: Outgoing['post'] = (url, body, headers) =>
    new Promise((settle) => {
      const refused = objection(url);
      if (refused) return settle({ status: null, trouble: 'address_not_allowed' });
      const { protocol } = new URL(url) as { protocol: 'http:' | 'https:' } & URL;
      const send = protocol === 'https:' ? httpsRequest : httpRequest;
      const signal = AbortSignal.timeout(timeoutMs);
      const options: RequestOptions = {
        ...{ method: 'POST', agent: agents[protocol], lookup, signal, maxHeaderSize: 16_384 },
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      };
      const fail = (error: Error & { code?: string }) =>
        settle({ status: null, trouble: signal.aborted ? 'timeout' : (error.code ?? error.name).toLowerCase() });
      const request = send(url, options, (response) => {
        const { statusCode: status = 0 } = response;
        const after = Number(response.headers['retry-after']);
        let read = 0;
        const done = () => settle({ status, retryAfterMs: Number.isFinite(after) && after > 0 ? after * 1_000 : null });
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read > ANSWER_BYTES) {
            done();
            response.destroy();
          }
        });
        response.on('end', done);
        response.on('error', fail);
      });
      request.on('error', fail);
      request.end(body);
    });

  return {
    objection,
    post,
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
