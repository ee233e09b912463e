/** Wall-clock time, injected everywhere so that tests can freeze or step it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May step backwards when the machine's clock is corrected. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Time that never goes back: it follows a clock forwards and runs on by itself while that clock is behind. For what is
 * scheduled: when the machine's clock is set back by an hour, nothing waits an hour for it.
 * @param monotonic milliseconds from any origin.
 */
export function steadyClock(clock: Clock, monotonic: () => number): Clock {
  let time = clock.now();
  let at = monotonic();
  return {
    now() {
      const passed = monotonic();
      time = Math.max(clock.now(), time + passed - at);
      at = passed;
      return Math.floor(time);
    },
  };
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Epoch milliseconds as an RFC 3339 instant in UTC, e.g. `2026-11-22T01:02:03.004Z`. */
export function toInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
