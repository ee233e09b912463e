import type { EventId } from '../../../kernel/ids.ts';

/**
 * Deliveries that this process has under way. Kept apart from the database handle: when a failed handle is replaced by a
 * new one, what is being sent must not be handed out again, or two events of one lane would be under way.
 */
export class Claims {
  readonly #claimed = new Set<number>();
  readonly #rows = new Map<EventId, number>();

  get size(): number {
    return this.#claimed.size;
  }

  /** @param row key of the delivery. */
  has(row: number): boolean {
    return this.#claimed.has(row);
  }

  add(row: number, event: EventId): void {
    this.#claimed.add(row);
    this.#rows.set(event, row);
  }

  release(events: Iterable<EventId>): void {
    for (const event of events) {
      const row = this.#rows.get(event);
      if (row !== undefined) this.#claimed.delete(row);
      this.#rows.delete(event);
    }
  }
}
