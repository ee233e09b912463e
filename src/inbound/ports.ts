import type { AuditEntry } from '../audit/record.ts';
import type { EventSummary, SealedContent } from '../kernel/event.ts';
import type { EventId } from '../kernel/ids.ts';
import type { SourceScope } from '../tenancy/scope.ts';
import type { NotificationIdentity } from './notification/types.ts';

/** An event as it enters the journal. */
export interface NewEvent {
  readonly summary: EventSummary;
  readonly content: SealedContent;
  /** Patient references to be blind-indexed. */
  readonly patients: readonly string[];
  readonly identity: NotificationIdentity | undefined;
  readonly initialState: 'pending' | 'consumed' | 'quarantined';
  /** Which secret the signature matched. */
  readonly keyId: string;
  readonly findingCodes: readonly string[];
  readonly clientAddress: string | undefined;
}

/** `conflict`: the same signed identity was accepted before with other bytes. */
export type AcceptResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'duplicate'; readonly eventId: EventId }
  | { readonly kind: 'conflict'; readonly eventId: EventId };

export interface AcceptPort {
  /**
   * Stores body, headers of record, dedupe row, delivery state and audit record in one durable commit.
   * @throws GatewayError with disposition `retry` when nothing could be stored.
   */
  accept(scope: SourceScope, event: NewEvent): Promise<AcceptResult>;
}

export interface RefusalAuditPort {
  /** Records that a request of this source (or of no known source) was refused. Resolves when it may be answered. */
  refused(refusal: { readonly scope: SourceScope | undefined; readonly entry: AuditEntry }): Promise<void>;
}
