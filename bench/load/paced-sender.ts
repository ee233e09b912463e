import { readFileSync } from 'node:fs';
import { percentile } from '../measure/statistics.ts';
import type { PacedOptions, PacedResult } from './paced.ts';
import { PacedConnection } from './paced-connection.ts';
import { RequestReader, wirePlan } from './wire-plan.ts';

/**
 * Sends at a constant rate whether answers come or not, and takes each latency from the moment the request was due,
 * so that a stall of the receiver counts for every request that it delayed. A process of its own; its one argument is
 * a file with the options; it prints the result as JSON.
 */
const TICK_MS = 1;
const DRAIN_MS = 30_000;

const [optionsFile = ''] = process.argv.slice(2);
const options = JSON.parse(readFileSync(optionsFile, 'utf8')) as PacedOptions;
process.stdout.write(JSON.stringify(await send(options)));

async function send({ requests, target, first, rate, warmupSeconds, seconds, connections }: PacedOptions) {
  const template = { ...requests.template, body: Buffer.from(requests.template.body, 'base64') };
  const reader = new RequestReader(wirePlan({ ...requests, template }, target), requests.file);
  const pool = Array.from({ length: connections }, () => new PacedConnection(target));
  await Promise.all(pool.map((connection) => connection.ready()));
  const schedule = new Schedule(
    pool,
    Math.round(rate * warmupSeconds),
    Math.round(rate * (warmupSeconds + seconds)),
  );
  await schedule.run(rate, (index) => reader.request(first + index));
  for (const connection of pool) connection.close();
  return schedule.result(seconds);
}

class Schedule {
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
