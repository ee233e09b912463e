import type { Intent } from './intents.ts';
import type { FocusVersion, Notification } from './workload.ts';

/** What became of one sending, retries included. */
export interface SendOutcome {
  readonly sender: string;
  readonly intent: Intent;
  readonly notificationId: string;
  readonly kind: Notification['kind'];
  readonly lane: string;
  readonly sequence: number;
  readonly foci: readonly FocusVersion[];
  /** SHA-256 of the body, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Status of the last answer; undefined where none came. */
  readonly status: number | undefined;
  readonly eventId: string | undefined;
  readonly duplicate: boolean;
  readonly attempts: number;
  /** `aborted` and `exhausted`: it is not known whether the gateway holds the event. */
  readonly end: 'answered' | 'aborted' | 'exhausted';
  /** Duration of the last attempt, ms. */
  readonly latencyMs: number;
  /** `performance.now()` when the first attempt began. */
  readonly startedAt: number;
  /** What is wrong with the answer given the intent; undefined when it is as the contract says. */
  readonly problem: string | undefined;
}

type Answer = Omit<SendOutcome, 'problem'>;

/** Whether the gateway answered that it holds the event. */
export function isAcknowledged(outcome: Pick<SendOutcome, 'end' | 'status'>): boolean {
  return (
    outcome.end === 'answered' &&
    outcome.status !== undefined &&
    outcome.status >= 200 &&
    outcome.status < 300
  );
}

/**
 * Judges an answer by the gateway's contract.
 * @param original the acknowledgement of the same notification that a duplicate or conflict follows.
 */
export function judge(answer: Answer, original: SendOutcome | undefined): string | undefined {
  if (answer.end !== 'answered') return undefined;
  switch (answer.intent) {
    case 'original':
      return judgeOriginal(answer);
    case 'duplicate':
      return judgeDuplicate(answer, original);
    case 'conflict':
      return answer.status === 409 ? undefined : `a conflicting event was answered ${answer.status}, not 409`;
    default:
      return answer.status === 401
        ? undefined
        : `a forged event (${answer.intent}) was answered ${answer.status}, not 401`;
  }
}

function judgeOriginal(answer: Answer): string | undefined {
  if (!isAcknowledged(answer)) return `a genuine event was answered ${answer.status}`;
  if (answer.eventId === undefined) return 'an acknowledgement names no event id';
  // A retried one may rightly be known: its first acknowledgement can have been lost on the way.
  if (answer.duplicate && answer.attempts === 1) return 'a new event was called a duplicate';
  return undefined;
}

function judgeDuplicate(answer: Answer, original: SendOutcome | undefined): string | undefined {
  if (!isAcknowledged(answer)) return `a duplicate was answered ${answer.status}`;
  if (original !== undefined && answer.eventId !== original.eventId)
    return 'a duplicate got another event id';
  return answer.duplicate ? undefined : 'a duplicate was not recognised';
}
