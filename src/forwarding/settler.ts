import { SECOND } from '../kernel/clock.ts';
import { GatewayError } from '../kernel/errors.ts';
import type { EventId } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { backoffDelay } from '../resilience/retry-schedule.ts';
import type { DeliveryPort, DeliverySettlement } from './ports.ts';

export interface SettlerDeps {
  readonly deliveries: DeliveryPort;
  readonly random: () => number;
  readonly log: Log;
  /** Called when an outcome was recorded, or dropped because the process ends. */
  readonly onSettled: () => void;
}

const DELAYS = { firstDelayMs: 100, maxDelayMs: 5 * SECOND };
/** From this attempt on a failing write is reported by itself: others succeed, so this one may never. */
const STUBBORN_ATTEMPT = 10;

/**
 * Brings outcomes into the journal and insists: none is forgotten while the journal cannot commit.
 * What is not recorded when the process ends is delivered again under the same id.
 */
export class Settler {
  readonly #deps: SettlerDeps;
  /** How to end each wait between two tries. */
  readonly #waits = new Set<() => void>();
  #pending = 0;
  #failing = false;
  #insisting = true;

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  /** Writes on their way into the journal. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether the last write tried failed. */
  get failing(): boolean {
    return this.#failing;
  }

  settle(settlement: DeliverySettlement): void {
    void this.#persist(() => this.#deps.deliveries.settle(settlement));
  }

  release(events: readonly EventId[]): void {
    if (events.length > 0) void this.#persist(() => this.#deps.deliveries.release(events));
  }

  /** From now on a write gets one try, and those that wait for another are dropped. */
  stopInsisting(): void {
    this.#insisting = false;
    for (const end of this.#waits) end();
  }

  async #persist(write: () => Promise<void>): Promise<void> {
    this.#pending += 1;
    for (let attempt = 1; !(await this.#try(write, attempt)) && this.#insisting; attempt += 1) {
      await this.#wait(backoffDelay(DELAYS, attempt, this.#deps.random));
      if (!this.#insisting) break;
    }
    this.#pending -= 1;
    this.#deps.onSettled();
  }

  async #try(write: () => Promise<void>, attempt: number): Promise<boolean> {
    try {
      await write();
      this.#failing = false;
      return true;
    } catch (error) {
      const silent = this.#failing && attempt !== STUBBORN_ATTEMPT;
      this.#failing = true;
      if (!silent) {
        this.#deps.log.error('a delivery outcome could not be recorded', {
          code: failureCode(error),
          attempt,
        });
      }
      return false;
    }
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waits.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#waits.add(end);
    });
  }
}

/** A stable code for the log; the message of an error that is not ours may quote data. */
export function failureCode(error: unknown): string {
  return error instanceof GatewayError ? error.code : 'unexpected';
}
