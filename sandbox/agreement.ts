import type { DeliveryLog } from './core-platform/delivery-log.ts';
import type { Acknowledgement, AcknowledgementLedger } from './ehr/acknowledgements.ts';

export interface Disagreement {
  /** Acknowledged to the EHR, never taken by the core platform. */
  readonly missing: readonly Acknowledgement[];
  /** Taken by the core platform with other bytes than the EHR sent. */
  readonly altered: readonly Acknowledgement[];
  /** Notifications that were acknowledged under two event ids. */
  readonly contradictions: readonly string[];
}

/**
 * Holds the EHR's own list of acknowledgements against what the core platform took.
 * Handshakes and heartbeats are left out: the gateway keeps them unless a source forwards them.
 */
export function compareAcknowledged(ledger: AcknowledgementLedger, taken: DeliveryLog): Disagreement {
  const missing: Acknowledgement[] = [];
  const altered: Acknowledgement[] = [];
  for (const acknowledged of ledger) {
    if (acknowledged.kind === 'handshake' || acknowledged.kind === 'heartbeat') continue;
    const delivery = taken.find(acknowledged.eventId);
    if (delivery === undefined) missing.push(acknowledged);
    else if (delivery.sha256 !== acknowledged.sha256) altered.push(acknowledged);
  }
  return { missing, altered, contradictions: ledger.contradictions };
}
