/** Letters that aren't what they say: a receiver that believes one of them has a hole. */
import { signatureOf } from '../webhooks/signature.ts';

export type Forgery = 'body' | 'signature' | 'past' | 'future';
/** So many of the next letters are forged; each is tried again, and is genuine then. */
export type Forging = { id: 'forge'; how: Forgery; next: number };

const TEN_MINUTES = 600;

export function forged(how: Forgery, body: string, secret: string, now: number): { body: string; signature: string } {
  switch (how) {
    case 'body': // the signature is genuine, and of what it said before
      return { body: tenfold(body), signature: signatureOf(body, secret, now) };
    case 'signature':
      return { body, signature: signatureOf(body, 'whsec_of_somebody_else', now) };
    case 'past':
      return { body, signature: signatureOf(body, secret, now - TEN_MINUTES) };
    case 'future':
      return { body, signature: signatureOf(body, secret, now + TEN_MINUTES) };
  }
}

/** What somebody would write who wants more than was paid; no two bodies are the same, whatever they are about. */
const tenfold = (body: string) => body.replaceAll(/"(?:amount|amount_paid|created)": \d+/g, (amount) => `${amount}0`);
