import Opossum from 'opossum';
import type { Clock } from '../kernel/clock.ts';

/** `since` and `probeAt` are epoch milliseconds; `probeAt` is when the next real call is let through. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly since: number }
  | { readonly kind: 'open'; readonly since: number; readonly probeAt: number }
  | { readonly kind: 'half-open'; readonly since: number };

export interface BreakerSettings {
  /** Calls within the window below which nothing opens the breaker; at least 1. */
  readonly volumeThreshold: number;
  /** Opens when more than this share of the window's calls were faults, percent. */
  readonly faultPercent: number;
  /** Length of the rolling window, milliseconds. */
  readonly windowMs: number;
  /** How long the breaker stays open before one real call may try again, milliseconds. */
  readonly openMs: number;
}

export interface BreakerOptions extends BreakerSettings {
  readonly clock: Clock;
  /** True for what the upstream did wrong. Any other rejection proves that the upstream answers. */
  readonly isFault: (error: unknown) => boolean;
}

export interface CircuitBreaker {
  state(): BreakerState;
  /**
   * Runs the work unless the breaker is open. While half-open, only the first call is let through.
   * @throws what the work throws, or an error for which `isBreakerOpen` holds when it was not run.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Calls back on every change of state, synchronously; a listener must not throw. Returns how to stop it. */
  onChange(listener: (state: BreakerState) => void): () => void;
  /** Ends its timers; from then on nothing is run. */
  close(): void;
}

class BreakerEndedError extends Error {
  override readonly name = 'BreakerEndedError';
}

/** Whether an error says that the breaker did not run the work. */
export function isBreakerOpen(error: unknown): boolean {
  return error instanceof Error && (error instanceof BreakerEndedError || Opossum.isOurError(error));
}

/** A circuit breaker over a rolling window that sets no time limit of its own: the work brings its deadlines. */
export function createCircuitBreaker(options: BreakerOptions): CircuitBreaker {
  return new OpossumBreaker(options);
}

class OpossumBreaker implements CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #opossum: Opossum<[() => Promise<unknown>], unknown>;
  readonly #listeners = new Set<(state: BreakerState) => void>();
  #state: BreakerState;
  #ended = false;

  constructor(options: BreakerOptions) {
    requirePositive(options);
    this.#options = options;
    this.#state = { kind: 'closed', since: options.clock.now() };
    this.#opossum = new Opossum((work: () => Promise<unknown>) => work(), {
      name: 'breaker',
      timeout: false,
      // Opossum's default of 0 would open the circuit on the very first fault.
      volumeThreshold: options.volumeThreshold,
      errorThresholdPercentage: options.faultPercent,
      rollingCountTimeout: options.windowMs,
      resetTimeout: options.openMs,
      errorFilter: (error: unknown) => !options.isFault(error),
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    this.#opossum.on('open', () => this.#opened());
    this.#opossum.on('halfOpen', () => this.#change({ kind: 'half-open', since: this.#now() }));
    this.#opossum.on('close', () => this.#change({ kind: 'closed', since: this.#now() }));
  }

  state(): BreakerState {
    return this.#state;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    // A late fault moves a shut-down opossum to open, and a disabled one then runs everything.
    if (this.#ended) return Promise.reject(new BreakerEndedError('the circuit breaker has ended'));
    return this.#opossum.fire(work) as Promise<T>;
  }

  onChange(listener: (state: BreakerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listeners.clear();
    this.#state = { kind: 'open', since: this.#now(), probeAt: Number.POSITIVE_INFINITY };
    this.#opossum.shutdown();
  }

  #opened(): void {
    const since = this.#now();
    this.#change({ kind: 'open', since, probeAt: since + this.#options.openMs });
  }

  #change(state: BreakerState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

function requirePositive(settings: BreakerSettings): void {
  const { volumeThreshold, faultPercent, windowMs, openMs } = settings;
  if (!Number.isInteger(volumeThreshold) || volumeThreshold < 1) {
    throw new RangeError('volumeThreshold must be an integer of at least 1');
  }
  if (!(faultPercent >= 0 && faultPercent < 100)) throw new RangeError('faultPercent must be in [0, 100)');
  if (!(windowMs > 0 && openMs > 0)) throw new RangeError('windowMs and openMs must be positive');
}
