import type { DeliveryState, EventType } from '../kernel/event.ts';
import type { EventId, OrganizationId, SourceId } from '../kernel/ids.ts';

/** Which events of one organization. Every member narrows; times are epoch milliseconds, `receivedTo` exclusive. */
export interface EventFilter {
  readonly organization: OrganizationId;
  readonly ids?: readonly EventId[];
  readonly state?: DeliveryState;
  readonly source?: SourceId;
  readonly type?: EventType;
  readonly receivedFrom?: number;
  readonly receivedTo?: number;
  /** Patient reference such as `Patient/123`, looked up in the blind index. */
  readonly patient?: string;
}

/** `taken`: events that will be (or were) delivered anew: delivered or dead ones, those of another state only if it is named. `pending`: matching events left alone because they wait already. */
export interface ReplayReport {
  readonly taken: number;
  readonly pending: number;
}

/** Delivers events anew, byte for byte, under their own ids, marked as replays, with a fresh retry budget. */
export interface ReplayPort {
  preview(filter: EventFilter): Promise<ReplayReport>;
  /** Durable when it resolves; audited per event under `actor`. */
  replay(filter: EventFilter, actor: string): Promise<ReplayReport>;
}
