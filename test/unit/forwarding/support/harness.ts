import type { TestContext } from 'node:test';
import { createCorePlatformClient } from '../../../../src/clients/core-platform.ts';
import {
  Forwarder,
  type ForwarderDeps,
  type ForwarderSettings,
} from '../../../../src/forwarding/forwarder.ts';
import { isUpstreamFault } from '../../../../src/forwarding/verdict.ts';
import { createWebhookSigner } from '../../../../src/forwarding/webhook-signer.ts';
import { systemClock } from '../../../../src/kernel/clock.ts';
import type { Log, LogFields } from '../../../../src/kernel/log.ts';
import { type BreakerSettings, createCircuitBreaker } from '../../../../src/resilience/circuit-breaker.ts';
import { MemoryDeliveries } from './memory-deliveries.ts';

export const SIGNING_KEY = Buffer.alloc(32, 7);

export interface HarnessChoices {
  readonly url: string;
  readonly timeoutMs?: number;
  readonly settings?: Partial<ForwarderSettings>;
  readonly breaker?: Partial<BreakerSettings>;
  readonly deps?: Partial<ForwarderDeps>;
}

/** Never opens: for tests in which the breaker has no part. */
const RELUCTANT: BreakerSettings = {
  volumeThreshold: 1_000_000,
  faultPercent: 50,
  windowMs: 10_000,
  openMs: 20,
};

/** A forwarder between deliveries in memory and a core platform at a URL; stopped and closed after the test. */
export function makeHarness(t: TestContext, choices: HarnessChoices) {
  const settings: ForwarderSettings = {
    concurrency: 4,
    retry: { firstDelayMs: 1, maxDelayMs: 4, maxAttempts: 20 },
    prefetchBytes: 1_000_000,
    ...choices.settings,
  };
  const breaker = createCircuitBreaker({
    ...RELUCTANT,
    ...choices.breaker,
    clock: systemClock,
    isFault: isUpstreamFault,
  });
  const core = createCorePlatformClient({
    url: choices.url,
    timeoutMs: choices.timeoutMs ?? 5_000,
    connections: settings.concurrency,
  });
  const deliveries = new MemoryDeliveries(systemClock);
  const log = new RecordingLog();
  const forwarder = new Forwarder({
    deliveries,
    core,
    breaker,
    signer: createWebhookSigner([SIGNING_KEY]),
    clock: systemClock,
    random: seededRandom(42),
    log,
    settings,
    ...choices.deps,
  });
  t.after(async () => {
    await forwarder.stop(0);
    breaker.close();
    core.abort();
  });
  return { forwarder, breaker, core, deliveries, log };
}

/** Uniform in [0, 1), the same series for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class RecordingLog implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
  debug = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'debug', message, fields });
  info = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'info', message, fields });
  warn = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'warn', message, fields });
  error = (message: string, fields: LogFields = {}) =>
    void this.lines.push({ level: 'error', message, fields });

  errors(): LogFields[] {
    return this.lines.filter((line) => line.level === 'error').map((line) => line.fields);
  }
}
