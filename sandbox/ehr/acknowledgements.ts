import { isAcknowledged, type SendOutcome } from './outcome.ts';
import type { FocusVersion } from './workload.ts';

/** What the sender was promised: the gateway holds this event. */
export interface Acknowledgement {
  readonly eventId: string;
  readonly notificationId: string;
  readonly sender: string;
  readonly lane: string;
  readonly sequence: number;
  readonly sha256: string;
  readonly kind: SendOutcome['kind'];
  readonly foci: readonly FocusVersion[];
}

/** The client's own list of acknowledged events, to hold against what the core platform received. */
export class AcknowledgementLedger {
  readonly #byNotification = new Map<string, Acknowledgement>();
  readonly #contradictions: string[] = [];

  /** Takes every outcome; keeps those that acknowledge. */
  readonly add = (outcome: SendOutcome): void => {
    const { eventId, notificationId } = outcome;
    if (!isAcknowledged(outcome) || eventId === undefined) return;
    const key = `${outcome.sender} ${notificationId}`;
    const known = this.#byNotification.get(key);
    if (known === undefined) this.#byNotification.set(key, acknowledgement(outcome, eventId));
    else if (known.eventId !== eventId)
      this.#contradictions.push(`${notificationId}: ${known.eventId} and ${eventId}`);
  };

  get size(): number {
    return this.#byNotification.size;
  }

  /** Notifications that were acknowledged under two event ids. */
  get contradictions(): readonly string[] {
    return this.#contradictions;
  }

  [Symbol.iterator](): IterableIterator<Acknowledgement> {
    return this.#byNotification.values();
  }
}

function acknowledgement(outcome: SendOutcome, eventId: string): Acknowledgement {
  const { notificationId, sender, lane, sequence, sha256, kind, foci } = outcome;
  return { eventId, notificationId, sender, lane, sequence, sha256, kind, foci };
}
