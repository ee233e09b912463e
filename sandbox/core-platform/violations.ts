export type ViolationKind =
  /** The signature does not verify. */
  | 'bad-signature'
  /** The official library and our own check judge differently. */
  | 'verifiers-disagree'
  /** A header of the contract is missing, malformed or contradicts another. */
  | 'bad-header'
  /** Not a POST. */
  | 'bad-method'
  /** An event id was used again for another body. */
  | 'body-changed'
  /** A body came under a second event id. */
  | 'body-under-second-id'
  /** An event came again with another audit position. */
  | 'audit-position-changed'
  /** An older version of a resource came after a newer one. */
  | 'out-of-order';

export interface Violation {
  readonly kind: ViolationKind;
  readonly ceId: string;
  readonly detail: string;
}

const KEPT = 100;

/** What the gateway did against its contract: all are counted, the first hundred are kept. */
export class Violations {
  readonly #first: Violation[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get first(): readonly Violation[] {
    return this.#first;
  }

  add(kind: ViolationKind, ceId: string, detail: string): void {
    this.#count += 1;
    if (this.#first.length < KEPT) this.#first.push({ kind, ceId, detail });
  }
}
