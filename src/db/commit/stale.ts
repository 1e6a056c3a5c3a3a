/** What a decision had read is no longer so, by what a statement found: nothing of the step may be kept. */
export class Stale extends Error {
  override readonly name = 'Stale';
  readonly what: string;

  constructor(what: string) {
    super(`${what}: no longer as it was read`);
    this.what = what;
  }
}
