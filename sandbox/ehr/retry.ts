import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.ts';

export interface RetryPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Attempts in all; Infinity to go on until aborted. */
  readonly maxAttempts: number;
}

/** For tests and demo: quick, and patient enough to outlast a restart of the gateway. */
export const PATIENT_RETRY: RetryPolicy = {
  firstDelayMs: 25,
  maxDelayMs: 1_000,
  maxAttempts: Number.POSITIVE_INFINITY,
};

/** Whether a status asks for the same request again: overload, or a gateway between that found nobody. */
export function isRetryable(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/**
 * Delay before the next attempt, ms: what `Retry-After` says (RFC 9110 §10.2.3: seconds or an HTTP date),
 * else exponential with the upper half jittered.
 * @param failed number of attempts that have failed, from 1.
 */
export function retryDelay(
  policy: RetryPolicy,
  failed: number,
  retryAfter: string | undefined,
  context: { readonly random: Random; readonly nowMs: number },
): number {
  const asked = parseRetryAfter(retryAfter, context.nowMs);
  if (asked !== undefined) return asked;
  const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(failed - 1, 30));
  return ceiling * (0.5 + context.random.fraction() / 2);
}

function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** Waits, or ends early when aborted. @returns whether the wait was completed. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(delayMs, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
