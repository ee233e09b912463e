import { parseRetryAfter, type RetryDelays, retryDelay } from '../resilience/retry-schedule.ts';
import type { ClaimedDelivery, DeliverySettlement } from './ports.ts';
import type { RetryVerdict, Verdict } from './verdict.ts';

export interface RetryBudget extends RetryDelays {
  /** Attempts that count, after which an event is dead-lettered. */
  readonly maxAttempts: number;
}

/** Epoch milliseconds. */
export interface AttemptTiming {
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * Turns the verdict on an attempt into what the journal records.
 * @param probe whether it was the attempt that tried whether an outage is over: failing, it costs the event nothing.
 */
export function settlementOf(
  delivery: ClaimedDelivery,
  verdict: Verdict,
  probe: boolean,
  { startedAt, endedAt }: AttemptTiming,
  budget: RetryBudget,
  random: () => number,
): DeliverySettlement {
  const attempt = {
    event: delivery.summary.id,
    attempt: delivery.attempt,
    status: verdict.status,
    durationMs: Math.max(0, endedAt - startedAt),
  };
  if (verdict.kind === 'delivered') return { ...attempt, kind: 'delivered' };
  if (verdict.kind === 'dead') return { ...attempt, kind: 'dead', reason: verdict.reason };
  const spendsBudget = verdict.spendsBudget && !probe;
  if (spendsBudget && delivery.spentAttempts + 1 >= budget.maxAttempts) {
    return { ...attempt, kind: 'dead', reason: `attempts-exhausted:${verdict.reason}` };
  }
  const dueAt = endedAt + delayOf(delivery, verdict, endedAt, budget, random);
  return { ...attempt, kind: 'retry', reason: verdict.reason, dueAt, spendsBudget };
}

function delayOf(
  delivery: ClaimedDelivery,
  verdict: RetryVerdict,
  now: number,
  delays: RetryDelays,
  random: () => number,
): number {
  return retryDelay(delays, delivery.attempt, parseRetryAfter(verdict.retryAfter, now), random);
}
