/** Hash index from byte keys to row numbers, kept outside the object heap: 8 bytes a slot, at most half full. */
export class RowIndex {
  #slots = new Uint32Array(1024);
  #hashes = new Uint32Array(1024);
  #size = 0;

  /** @param matches tells whether a row that has the same hash has the same key. */
  find(hash: number, matches: (row: number) => boolean): number | undefined {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (this.#hashes[slot] === hash && matches(row)) return row;
    }
    return undefined;
  }

  /** @param hash unsigned 32 bits. */
  add(hash: number, row: number): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    this.#place(hash, row + 1);
    this.#size += 1;
  }

  #place(hash: number, entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
    this.#hashes[slot] = hash;
  }

  #grow(): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    this.#slots = new Uint32Array(slots.length * 2);
    this.#hashes = new Uint32Array(slots.length * 2);
    slots.forEach((entry, slot) => {
      if (entry !== 0) this.#place(hashes[slot] ?? 0, entry);
    });
  }
}
