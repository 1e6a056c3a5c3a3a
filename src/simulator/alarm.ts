/** Rings when what is next comes due. */
export class Alarm {
  readonly #wait: () => number | null;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** How many milliseconds there are until then; null where nothing is next. */
  constructor(wait: () => number | null, ring: () => void) {
    this.#wait = wait;
    this.#ring = ring;
  }

  /** Anew, since something else may be next. */
  set(): void {
    this.stop();
    const wait = this.#wait();
    if (wait !== null) this.#timer = setTimeout(this.#ring, Math.min(Math.max(0, wait), LONGEST_MS)).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The longest that a timer of Node's can wait. */
const LONGEST_MS = 2 ** 31 - 1;
