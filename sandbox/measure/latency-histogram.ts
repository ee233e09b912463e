/** Buckets per doubling: a percentile is at most about 3 % above the true value. */
const PER_DOUBLING = 32;
const DOUBLINGS = 30;
const SMALLEST_MS = 0.001;

/** Durations in buckets of growing width, from 1 µs to about 12 days, in constant memory. */
export class LatencyHistogram {
  readonly #buckets = new Float64Array(PER_DOUBLING * DOUBLINGS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * PER_DOUBLING);
    const index = Math.min(bucket, this.#buckets.length - 1);
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#count += 1;
  }

  /**
   * Upper bound of the bucket that the percentile lies in, ms; undefined where nothing was added.
   * @param share from 0 to 1, such as 0.99.
   */
  percentile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(this.#count * share));
    let seen = 0;
    const index = this.#buckets.findIndex((bucket) => {
      seen += bucket;
      return seen >= rank;
    });
    return SMALLEST_MS * 2 ** (index / PER_DOUBLING);
  }
}
