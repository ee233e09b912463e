import type { EventId } from '../kernel/ids.ts';
import type { ClaimedDelivery } from './ports.ts';

/** Deliveries that are claimed and wait for a free slot, first in, first out; it knows how many bytes they hold. */
export class PrefetchQueue {
  readonly #deliveries: ClaimedDelivery[] = [];
  #bytes = 0;

  get length(): number {
    return this.#deliveries.length;
  }

  /** Bytes of all bodies in the queue. */
  get bytes(): number {
    return this.#bytes;
  }

  push(deliveries: readonly ClaimedDelivery[]): void {
    for (const delivery of deliveries) {
      this.#deliveries.push(delivery);
      this.#bytes += delivery.content.body.length;
    }
  }

  shift(): ClaimedDelivery | undefined {
    return this.#taken(this.#deliveries.shift());
  }

  /** Takes the delivery with the fewest attempts, the oldest of several. */
  takeFreshest(): ClaimedDelivery | undefined {
    const fewest = Math.min(...this.#deliveries.map((delivery) => delivery.attempt));
    const index = this.#deliveries.findIndex((delivery) => delivery.attempt === fewest);
    return index < 0 ? undefined : this.#taken(this.#deliveries.splice(index, 1)[0]);
  }

  /** Empties the queue. @returns the events it held. */
  clear(): EventId[] {
    this.#bytes = 0;
    return this.#deliveries.splice(0).map((delivery) => delivery.summary.id);
  }

  #taken(delivery: ClaimedDelivery | undefined): ClaimedDelivery | undefined {
    this.#bytes -= delivery?.content.body.length ?? 0;
    return delivery;
  }
}
