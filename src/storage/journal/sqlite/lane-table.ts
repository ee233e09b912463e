const SMALLEST_CAPACITY = 1_024;
const EMPTY = -1;

/**
 * Counts by lane number: a hash table in two typed arrays, eight bytes a slot, so that a million occupied lanes take
 * 16 to 32 MB and no garbage collector walks them. Linear probing; a removal closes the gap behind it.
 */
export class LaneTable {
  #lanes = new Int32Array(SMALLEST_CAPACITY).fill(EMPTY);
  #counts = new Int32Array(SMALLEST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param lane 0 to 2^31 - 1. */
  get(lane: number): number | undefined {
    const slot = this.#find(lane);
    return this.#lanes[slot] === lane ? this.#counts[slot] : undefined;
  }

  set(lane: number, count: number): void {
    let slot = this.#find(lane);
    if (this.#lanes[slot] === EMPTY) {
      if ((this.#size + 1) * 2 > this.#lanes.length) {
        this.#resize(this.#lanes.length * 2);
        slot = this.#find(lane);
      }
      this.#lanes[slot] = lane;
      this.#size += 1;
    }
    this.#counts[slot] = count;
  }

  delete(lane: number): void {
    const slot = this.#find(lane);
    if (this.#lanes[slot] === EMPTY) return;
    this.#size -= 1;
    this.#closeGap(slot);
    const { length } = this.#lanes;
    if (length > SMALLEST_CAPACITY && this.#size * 8 < length) this.#resize(length / 2);
  }

  clear(): void {
    this.#allocate(SMALLEST_CAPACITY);
  }

  /** The slot that holds the lane, or the empty one where it would go. */
  #find(lane: number): number {
    const mask = this.#lanes.length - 1;
    let slot = this.#home(lane);
    while (this.#lanes[slot] !== EMPTY && this.#lanes[slot] !== lane) slot = (slot + 1) & mask;
    return slot;
  }

  /** Lane numbers are keyed digests, so their low bits are as good as any hash. */
  #home(lane: number): number {
    return lane & (this.#lanes.length - 1);
  }

  /** Moves back whatever a probe could no longer reach across the freed slot. */
  #closeGap(freed: number): void {
    const mask = this.#lanes.length - 1;
    let gap = freed;
    for (let slot = (gap + 1) & mask; this.#lanes[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const lane = this.#lanes[slot] ?? EMPTY;
      const travelled = (slot - this.#home(lane)) & mask;
      if (travelled < ((slot - gap) & mask)) continue;
      this.#lanes[gap] = lane;
      this.#counts[gap] = this.#counts[slot] ?? 0;
      gap = slot;
    }
    this.#lanes[gap] = EMPTY;
  }

  #resize(capacity: number): void {
    const lanes = this.#lanes;
    const counts = this.#counts;
    this.#allocate(capacity);
    for (const [slot, lane] of lanes.entries()) if (lane !== EMPTY) this.set(lane, counts[slot] ?? 0);
  }

  #allocate(capacity: number): void {
    this.#lanes = new Int32Array(capacity).fill(EMPTY);
    this.#counts = new Int32Array(capacity);
    this.#size = 0;
  }
}
