import type { AuditEntry } from '../../../audit/record.ts';
import type { DeliverySettlement } from '../../../forwarding/ports.ts';
import type { EventFilter } from '../../../forwarding/replay.ts';
import type { NotificationIdentity } from '../../../inbound/notification/types.ts';
import type { AcceptResult } from '../../../inbound/ports.ts';
import type { JournalUnavailableCode } from '../../../kernel/errors.ts';
import type { EventType, ValidationVerdict } from '../../../kernel/event.ts';
import type { EventId, OrganizationId, SourceId } from '../../../kernel/ids.ts';

/** An event as it crosses to the journal thread: small members as JSON, the sealed part as bytes. */
export interface AcceptHead {
  readonly id: EventId;
  readonly org: OrganizationId;
  readonly source: SourceId;
  readonly type: EventType;
  readonly receivedAt: number;
  readonly contentType: string;
  readonly fhirVersion: string | undefined;
  readonly validation: ValidationVerdict;
  readonly requestId: string;
  readonly traceParent: string | undefined;
  readonly keyId: string;
  readonly findings: readonly string[] | undefined;
  readonly client: string | undefined;
  readonly patients: readonly string[] | undefined;
  readonly foci: readonly string[];
  readonly identity: NotificationIdentity | undefined;
  readonly state: 'pending' | 'consumed' | 'quarantined';
}

export interface AcceptOperation {
  readonly head: AcceptHead;
  /** JSON of headers of record and foci, UTF-8: sealed together with the body. */
  readonly content: Uint8Array;
  readonly body: Uint8Array;
}

export type AcceptReply =
  | AcceptResult
  | { readonly kind: 'unavailable'; readonly code: JournalUnavailableCode };

/** A bounded part of a replay: how many were taken, and the row after which the next part goes on; none at the end. */
export interface ReplayChunk {
  readonly taken: number;
  readonly after: number | undefined;
}

/** Everything but acceptances that changes the journal. */
export type WriteOperation =
  | { readonly kind: 'audit'; readonly organization: OrganizationId; readonly entry: AuditEntry }
  | { readonly kind: 'settle'; readonly settlement: DeliverySettlement }
  | { readonly kind: 'replay'; readonly filter: EventFilter; readonly actor: string; readonly after: number }
  | { readonly kind: 'maintain' };
