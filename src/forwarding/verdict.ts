import { type CoreFaultCode, isConnectFault } from './core-fault.ts';
import type { CoreAnswer } from './ports.ts';

/** What one attempt means for its event. `reason` is a stable code. */
export type Verdict =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'dead'; readonly status: number; readonly reason: string }
  | RetryVerdict;

export interface RetryVerdict {
  readonly kind: 'retry';
  readonly status: number | undefined;
  readonly reason: string;
  /** Raw `Retry-After`, where the core platform sent one. */
  readonly retryAfter: string | undefined;
  /** Whether the attempt counts towards `maxAttempts`. */
  readonly spendsBudget: boolean;
  /** Whether it is evidence against the core platform rather than against this event or ourselves. */
  readonly upstreamFault: boolean;
}

const TRANSIENT_CLIENT_ERRORS: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * A 2xx delivers. 408, 425, 429 and 5xx are tried again, and so is a redirect, which is not followed: it points to a
 * misconfigured hop, not to a bad event. Any other 4xx is final.
 */
export function judgeAnswer(answer: CoreAnswer): Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (status >= 400 && status < 500 && !TRANSIENT_CLIENT_ERRORS.has(status)) {
    return { kind: 'dead', status, reason: `status-${status}` };
  }
  return {
    kind: 'retry',
    status,
    reason: status >= 300 && status < 400 ? 'redirect-refused' : `status-${status}`,
    retryAfter: answer.retryAfter,
    spendsBudget: true,
    upstreamFault: status !== 425,
  };
}

/**
 * No answer is always tried again. It spends the budget only if the core platform was reached: an event is not to be
 * given up because of an outage, but one that makes the core platform hang or drop the connection must end some day.
 */
export function judgeFault(code: CoreFaultCode): RetryVerdict {
  return {
    kind: 'retry',
    status: undefined,
    reason: code,
    retryAfter: undefined,
    spendsBudget: !isConnectFault(code) && code !== 'aborted',
    upstreamFault: code !== 'invalid-request' && code !== 'aborted',
  };
}

/** Carries a retry verdict through the circuit breaker, which counts what is thrown. */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  readonly verdict: RetryVerdict;

  constructor(verdict: RetryVerdict) {
    super(verdict.reason);
    this.verdict = verdict;
  }
}

/** What the breaker around the core platform counts: the `isFault` to make it with. */
export function isUpstreamFault(error: unknown): boolean {
  return error instanceof UpstreamFault;
}
