import type { ClaimedDelivery, DeliveryPort, DeliverySettlement } from '../../../../src/forwarding/ports.ts';
import type { Clock } from '../../../../src/kernel/clock.ts';
import type { EventId } from '../../../../src/kernel/ids.ts';

type Entry = {
  readonly delivery: ClaimedDelivery;
  readonly lane: string;
  attempt: number;
  spent: number;
  dueAt: number;
  state: 'pending' | 'delivered' | 'dead';
  claimed: boolean;
};

/** A DeliveryPort in memory, with lanes by first focus, that counts what is asked of it and can be made to fail. */
export class MemoryDeliveries implements DeliveryPort {
  readonly settlements: DeliverySettlement[] = [];
  readonly claimLimits: { readonly count: number; readonly bytes: number }[] = [];
  readonly released: EventId[] = [];
  mostClaimed = 0;
  mostClaimedBytes = 0;
  failClaim: (() => Error) | undefined;
  failSettle: ((settlement: DeliverySettlement) => Error | undefined) | undefined;
  readonly #clock: Clock;
  readonly #entries = new Map<EventId, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(...deliveries: readonly ClaimedDelivery[]): void {
    for (const delivery of deliveries) {
      const { id, receivedAt } = delivery.summary;
      this.#entries.set(id, {
        delivery,
        lane: delivery.content.foci[0] ?? id,
        attempt: delivery.attempt,
        spent: delivery.spentAttempts,
        dueAt: receivedAt,
        state: 'pending',
        claimed: false,
      });
    }
  }

  async claim(limits: { readonly count: number; readonly bytes: number }) {
    this.claimLimits.push(limits);
    await Promise.resolve();
    if (this.failClaim !== undefined) throw this.failClaim();
    const now = this.#clock.now();
    const deliveries: ClaimedDelivery[] = [];
    let bytes = 0;
    for (const entry of this.#heads()) {
      if (deliveries.length >= limits.count || bytes >= limits.bytes) break;
      if (entry.claimed || entry.dueAt > now) continue;
      entry.claimed = true;
      bytes += entry.delivery.content.body.length;
      deliveries.push({ ...entry.delivery, attempt: entry.attempt, spentAttempts: entry.spent });
    }
    this.#noteClaimed();
    const waiting = this.#heads().filter((entry) => entry.dueAt > now);
    const nextDueAt = waiting.length === 0 ? undefined : Math.min(...waiting.map((entry) => entry.dueAt));
    return { deliveries, nextDueAt };
  }

  async settle(settlement: DeliverySettlement): Promise<void> {
    await Promise.resolve();
    const failure = this.failSettle?.(settlement);
    if (failure !== undefined) throw failure;
    const entry = this.#entry(settlement.event);
    this.settlements.push(settlement);
    entry.claimed = false;
    entry.attempt += 1;
    if (settlement.kind !== 'retry') {
      entry.state = settlement.kind;
      return;
    }
    entry.dueAt = settlement.dueAt;
    entry.spent += settlement.spendsBudget ? 1 : 0;
  }

  async release(events: readonly EventId[]): Promise<void> {
    await Promise.resolve();
    for (const id of events) {
      this.#entry(id).claimed = false;
      this.released.push(id);
    }
  }

  count(state: 'pending' | 'delivered' | 'dead'): number {
    return this.#all().filter((entry) => entry.state === state).length;
  }

  get claimed(): number {
    return this.#all().filter((entry) => entry.claimed).length;
  }

  spent(id: EventId): number {
    return this.#entry(id).spent;
  }

  #all(): Entry[] {
    return [...this.#entries.values()];
  }

  #heads(): Entry[] {
    const heads = new Map<string, Entry>();
    for (const entry of this.#entries.values()) {
      if (entry.state === 'pending' && !heads.has(entry.lane)) heads.set(entry.lane, entry);
    }
    return [...heads.values()];
  }

  #entry(id: EventId): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Error('no such event');
    return entry;
  }

  #noteClaimed(): void {
    const claimed = this.#all().filter((entry) => entry.claimed);
    const bytes = claimed.reduce((sum, entry) => sum + entry.delivery.content.body.length, 0);
    this.mostClaimed = Math.max(this.mostClaimed, claimed.length);
    this.mostClaimedBytes = Math.max(this.mostClaimedBytes, bytes);
  }
}
