import { percentile } from '../measure/statistics.ts';
import type { PacedResult } from './paced.ts';
import type { PacedConnection } from './paced-connection.ts';

const TICK_MS = 1;
const DRAIN_MS = 30_000;

/** Gives each request to a connection when it is due, or as soon as one is idle, and keeps its latency. */
export class PacedSchedule {
  readonly #idle: PacedConnection[];
  readonly #warmup: number;
  readonly #total: number;
  /** Milliseconds from when a request was due until it was answered; NaN before. */
  readonly #latencies: Float64Array;
  /** The same until it was written: what the sender itself added. */
  readonly #lags: Float64Array;
  /** Requests that are due and found no idle connection. */
  readonly #waiting: number[] = [];
  #next = 0;
  #answered = 0;
  #errors = 0;
  #began = 0;
  #dispatch: (index: number, connection: PacedConnection) => void = () => undefined;

  constructor(pool: readonly PacedConnection[], warmup: number, total: number) {
    this.#idle = [...pool];
    this.#warmup = warmup;
    this.#total = total;
    this.#latencies = new Float64Array(total).fill(Number.NaN);
    this.#lags = new Float64Array(total).fill(Number.NaN);
  }

  /** Resolves when all were answered, or when the last ones take too long. */
  run(rate: number, requestOf: (index: number) => Buffer): Promise<void> {
    const dueAt = (index: number) => this.#began + (index * 1000) / rate;
    this.#dispatch = (index, connection) => {
      this.#lags[index] = performance.now() - dueAt(index);
      connection.send(requestOf(index), (status) => this.#take(index, connection, status, dueAt(index)));
    };
    this.#began = performance.now();
    return new Promise((resolve) => {
      const ticker = setInterval(() => {
        const now = performance.now();
        while (this.#next < this.#total && dueAt(this.#next) <= now) this.#due(this.#next++);
        const late = now > dueAt(this.#total) + DRAIN_MS;
        if (this.#answered < this.#total && !late) return;
        clearInterval(ticker);
        resolve();
      }, TICK_MS);
    });
  }

  result(seconds: number): PacedResult {
    const measured = this.#latencies.subarray(this.#warmup);
    const sorted = measured.filter((latency) => !Number.isNaN(latency)).sort();
    const lags = this.#lags
      .subarray(this.#warmup)
      .filter((lag) => !Number.isNaN(lag))
      .sort();
    return {
      requests: sorted.length,
      requestsPerSecond: sorted.length / seconds,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      p999Ms: percentile(sorted, 0.999),
      maxMs: percentile(sorted, 1),
      senderLagP99Ms: percentile(lags, 0.99),
      errors: this.#errors + (measured.length - sorted.length),
    };
  }

  #due(index: number): void {
    const connection = this.#idle.pop();
    if (connection === undefined) this.#waiting.push(index);
    else this.#dispatch(index, connection);
  }

  #take(index: number, connection: PacedConnection, status: number, dueAt: number): void {
    this.#latencies[index] = performance.now() - dueAt;
    this.#answered += 1;
    if (status !== 200) this.#errors += 1;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#idle.push(connection);
    else this.#dispatch(waiting, connection);
  }
}
