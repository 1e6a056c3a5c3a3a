/**
 * What protects the door from those who only knock. Refusals are counted per address, and the count runs down with
 * time. An address that has used up what it had is still heard, but only a few of its requests at a time: a genuine sender may
 * stand behind the same one, and its signature tells it apart. So a verified delivery is never turned away for what
 * others did, unless they keep the address busy; then it is told when to come again.
 */
export type Limits = {
  /** So many refusals at once, and then one more each `refillMs`. */
  refusals: number;
  refillMs: number;
  /** Heard at once from an address that has none left. */
  atOnce: number;
  /** Of how many addresses something is remembered. */
  addresses: number;
};

export const LIMITS: Limits = { refusals: 60, refillMs: 1_000, atOnce: 4, addresses: 10_000 };

export type Refusal = {
  /** `last`: the next one is one too many. `spent`: this one was. */
  counted: 'yes' | 'last' | 'spent';
  retryAfterSeconds: number;
};

export type Limiter = {
  /** Null: too many of this address are being heard already. */
  enter(address: string): Pass | null;
  /** When a refused address has one refusal more, in seconds. */
  retryAfterSeconds(address: string): number;
  readonly size: number;
};
export type Pass = { refuse(): Refusal; leave(): void };

type Knocks = { left: number; at: number; inside: number };

export function createLimiter(limits: Limits = LIMITS, now: () => number = Date.now): Limiter {
  const { refusals, refillMs, atOnce, addresses } = limits;
  // In the order of their last use: the first is the one to forget.
  const known = new Map<string, Knocks>();

  function look(address: string): Knocks {
    const at = now();
    const knocks = known.get(address) ?? { left: refusals, at, inside: 0 };
    const gained = Math.max(0, Math.floor((at - knocks.at) / refillMs));
    knocks.left = Math.min(refusals, knocks.left + gained);
    knocks.at = knocks.left === refusals ? at : knocks.at + gained * refillMs;
    return knocks;
  }

  function remember(address: string, knocks: Knocks): void {
    known.delete(address);
    if (knocks.left === refusals && knocks.inside === 0) return; // as if it had never come
    known.set(address, knocks);
    if (known.size > addresses) known.delete(known.keys().next().value!);
  }

  const wait = ({ at }: Knocks): number => Math.max(1, Math.ceil((at + refillMs - now()) / 1000));

  return {
    enter(address) {
      const entered = look(address);
      if (entered.left === 0 && entered.inside >= atOnce) return null;
      entered.inside++;
      remember(address, entered);
      return {
        refuse() {
          const knocks = look(address);
          const wasSpent = knocks.left === 0;
          if (!wasSpent) knocks.left--;
          remember(address, knocks);
          const counted = wasSpent ? 'spent' : knocks.left === 0 ? 'last' : 'yes';
          return { counted, retryAfterSeconds: wait(knocks) };
        },
        leave() {
          const knocks = look(address);
          knocks.inside = Math.max(0, knocks.inside - 1);
          remember(address, knocks);
        },
      };
    },
    retryAfterSeconds: (address) => wait(look(address)),
    get size() {
      return known.size;
    },
  };
}

/** Of IPv6 the half that a provider hands out as a whole: otherwise one sender had more addresses than we could count. */
export function senderOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const whole = tail === undefined ? groups : [...groups, ...Array(8 - groups.length - rest.length).fill('0'), ...rest];
  return `${whole.slice(0, 4).join(':')}::/64`;
}
