/**
 * Vocabulary of what travels through the gateway.
 *
 * delivery (inbound)   one HTTP request of a source, its signature not yet judged
 * event                an accepted delivery: stored, audited, to be forwarded
 * delivery (outbound)  the work of bringing one event to the core platform; it has attempts
 * focus                the resource an event is about, as a FHIR reference such as `Observation/123`
 * lane                 events of one source with the same focus; forwarded one at a time, in order of acceptance
 */
import type { EventId, OrganizationId, RequestId, SourceId } from './ids.ts';

/** CloudEvents `type` of an event. */
export const EVENT_TYPES = [
  'fhir.notification.event',
  'fhir.notification.handshake',
  'fhir.notification.heartbeat',
  'fhir.resource.changed',
  'fhir.resource.deleted',
  'fhir.hint',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export type ValidationVerdict = 'valid' | 'flagged';

/** Where an event stands on its way to the core platform. */
export const DELIVERY_STATES = ['pending', 'delivered', 'dead', 'consumed', 'quarantined'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** W3C Trace Context `traceparent` value, well-formed. */
export type TraceParent = string & { readonly __brand: 'TraceParent' };

/** Headers of record: kept, sealed, with the body. Names in lower case, from an allow-list. */
export type RecordHeaders = Readonly<Record<string, string>>;

/** The parts of an event that may identify a patient. They are sealed together and never stored in clear. */
export interface SealedContent {
  readonly headers: RecordHeaders;
  /** FHIR references this event is about, in the order of the notification, without repeats. */
  readonly foci: readonly string[];
  /** The webhook's bytes, unchanged. */
  readonly body: Buffer;
}

/** What may be known of an event without opening its seal. */
export interface EventSummary {
  readonly id: EventId;
  readonly organization: OrganizationId;
  readonly source: SourceId;
  readonly type: EventType;
  /** Epoch milliseconds of receipt. */
  readonly receivedAt: number;
  readonly bodyBytes: number;
  readonly contentType: string;
  readonly fhirVersion: string | undefined;
  readonly validation: ValidationVerdict;
  readonly requestId: RequestId;
  readonly traceParent: TraceParent | undefined;
}
