import type { ReceivedDelivery } from '../core-platform/delivery-log.ts';
import { isAcknowledged, type SendOutcome } from '../ehr/outcome.ts';
import { LatencyHistogram } from '../measure/latency-histogram.ts';

export interface Counts {
  /** Requests sent for good: originals, duplicates, conflicts and forgeries. */
  sent: number;
  accepted: number;
  /** Accepted ones that the gateway keeps for itself: handshakes and heartbeats. */
  consumed: number;
  delivered: number;
  duplicates: number;
  conflicts: number;
  /** Forged ones that were refused. */
  refused: number;
  /** Sendings that ended without an answer. */
  unanswered: number;
}

interface Sent {
  readonly sha256: string;
  readonly startedAt: number;
}

interface Arrived {
  readonly sha256: string;
  readonly at: number;
}

const KEPT = 50;

/** Joins what the EHRs were told with what the core platform got, event by event; forgets an event once both agree. */
export class Tracker {
  readonly counts: Counts = {
    sent: 0,
    accepted: 0,
    consumed: 0,
    delivered: 0,
    duplicates: 0,
    conflicts: 0,
    refused: 0,
    unanswered: 0,
  };
  readonly accept = new LatencyHistogram();
  readonly endToEnd = new LatencyHistogram();
  readonly #awaited = new Map<string, Sent>();
  /** Delivered before the sender has read its acknowledgement, or never acknowledged at all. */
  readonly #early = new Map<string, Arrived>();
  readonly #problems: string[] = [];
  #problemCount = 0;

  readonly onOutcome = (outcome: SendOutcome): void => {
    this.counts.sent += 1;
    if (outcome.problem !== undefined)
      this.report(`${outcome.sender}: ${outcome.problem} (${outcome.notificationId})`);
    if (outcome.end !== 'answered') this.counts.unanswered += 1;
    else if (isAcknowledged(outcome)) this.#acknowledged(outcome);
    else if (outcome.intent === 'conflict') this.counts.conflicts += 1;
    else if (outcome.intent !== 'original' && outcome.intent !== 'duplicate') this.counts.refused += 1;
  };

  readonly onDelivery = (delivery: ReceivedDelivery, first: boolean): void => {
    if (!first) return;
    this.counts.delivered += 1;
    const arrived = { sha256: delivery.sha256, at: performance.now() };
    const sent = this.#awaited.get(delivery.ceId);
    if (sent === undefined) this.#early.set(delivery.ceId, arrived);
    else this.#join(delivery.ceId, sent, arrived);
  };

  /** Accepted events that the core platform has not got yet. */
  get undelivered(): number {
    return this.#awaited.size;
  }

  /** Some of the accepted events that the core platform has not got. */
  get undeliveredIds(): string[] {
    return [...this.#awaited.keys()].slice(0, 5);
  }

  /** Events at the core platform that no sender was told of. */
  get unacknowledged(): number {
    return this.#early.size;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  get problemCount(): number {
    return this.#problemCount;
  }

  report(problem: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < KEPT) this.#problems.push(problem);
  }

  #acknowledged(outcome: SendOutcome): void {
    const { eventId, sha256, startedAt } = outcome;
    // Judged already: an answer without an id, or a forgery or conflict that was taken, is reported as a problem.
    if (eventId === undefined || (outcome.intent !== 'original' && outcome.intent !== 'duplicate')) return;
    if (outcome.intent === 'duplicate') {
      this.counts.duplicates += 1;
      return;
    }
    this.counts.accepted += 1;
    this.accept.add(outcome.latencyMs);
    if (outcome.kind === 'handshake' || outcome.kind === 'heartbeat') {
      this.counts.consumed += 1;
      return;
    }
    const arrived = this.#early.get(eventId);
    if (arrived === undefined) this.#awaited.set(eventId, { sha256, startedAt });
    else this.#join(eventId, { sha256, startedAt }, arrived);
  }

  #join(eventId: string, sent: Sent, arrived: Arrived): void {
    this.#awaited.delete(eventId);
    this.#early.delete(eventId);
    this.endToEnd.add(arrived.at - sent.startedAt);
    if (sent.sha256 !== arrived.sha256)
      this.report(`event ${eventId} was delivered with other bytes than were sent`);
  }
}
