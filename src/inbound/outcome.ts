import type { TraceParent } from '../kernel/event.ts';
import type { EventId, RequestId } from '../kernel/ids.ts';

/** One HTTP request of a source after framing and size limits, before anything about it is believed. */
export interface InboundRequest {
  /** Path parameters as received; not yet known to name anything. */
  readonly organization: string;
  readonly source: string;
  /** `{Type}` and `{id}` of R4 rest-hooks that append them; both or neither. */
  readonly resourceType: string | undefined;
  readonly resourceId: string | undefined;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly requestId: RequestId;
  readonly traceParent: TraceParent | undefined;
  /** Peer address as the edge established it; undefined on a unix socket without a proven sidecar. */
  readonly clientAddress: string | undefined;
}

/** A deviation of what was received from what the source's profile promises. `path` is a FHIRPath-like expression, never a value. */
export interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'information';
  readonly path: string;
}

/** How the sender's profile wants an acceptance to be answered. */
export interface Acknowledgement {
  readonly status: 200 | 202 | 204;
  /** `bundle`: a tiny FHIR Bundle; `none`: no body. */
  readonly body: 'bundle' | 'none';
}

/** What became of a request. The HTTP edge translates it; nothing here says more than the caller may know. */
export type InboundOutcome =
  | { readonly kind: 'accepted'; readonly eventId: EventId; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'duplicate'; readonly eventId: EventId; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'method-not-allowed'; readonly allow: readonly string[] }
  | { readonly kind: 'unsupported-media-type'; readonly accepts: readonly string[] }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'invalid'; readonly findings: readonly Finding[] }
  | { readonly kind: 'unavailable'; readonly code: string; readonly retryAfterSeconds: number };
