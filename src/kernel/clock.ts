/** Wall-clock time, injected everywhere so that tests can freeze or step it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May step backwards when the machine's clock is corrected. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Epoch milliseconds as an RFC 3339 instant in UTC, e.g. `2026-11-22T01:02:03.004Z`. */
export function toInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
