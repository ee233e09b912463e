import type { EventSummary, SealedContent } from '../kernel/event.ts';
import type { EventId } from '../kernel/ids.ts';

/** An event that is due and whose turn it is in all of its lanes, its seal opened. */
export interface ClaimedDelivery {
  readonly summary: EventSummary;
  readonly content: SealedContent;
  /** Number of the attempt now due, from 1, counted since acceptance or since the last replay. */
  readonly attempt: number;
  /** Attempts that counted against the retry budget so far. */
  readonly spentAttempts: number;
  readonly replay: boolean;
  /** Sequence and hash (hex) of the acceptance record in the organization's audit chain. */
  readonly auditSequence: number;
  readonly auditHash: string;
}

/** What became of one attempt. */
export type DeliverySettlement = {
  readonly event: EventId;
  readonly attempt: number;
  /** HTTP status of the core platform, where it answered. */
  readonly status: number | undefined;
  readonly durationMs: number;
} & (
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly dueAt: number;
      readonly spendsBudget: boolean;
    }
  | { readonly kind: 'dead'; readonly reason: string }
);

/** The forwarder's half of the journal. */
export interface DeliveryPort {
  /**
   * Claims due deliveries, oldest first, at most one per lane, none that is claimed already.
   * Claims live in this process only: a restart makes every unsettled delivery due again.
   * @param limits.count most deliveries to return; `limits.bytes` stops after the body that reaches it.
   * @returns the deliveries, and when the next one that waits falls due (epoch ms), if any waits.
   */
  claim(limits: { readonly count: number; readonly bytes: number }): Promise<{
    readonly deliveries: readonly ClaimedDelivery[];
    readonly nextDueAt: number | undefined;
  }>;

  /** Records the outcome with its audit record in one durable commit and frees the lanes. */
  settle(settlement: DeliverySettlement): Promise<void>;

  /** Gives claims back without an attempt. */
  release(events: readonly EventId[]): Promise<void>;
}

/** What the core platform is sent: one POST. */
export interface CoreRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What came back. `retryAfter` is the raw header value. */
export interface CoreAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** The core platform as the forwarder sees it. */
export interface CorePort {
  /** @throws CoreFault when no answer came. Redirects are answers, not followed. */
  post(request: CoreRequest): Promise<CoreAnswer>;

  /** Breaks off every request under way, which then fails as `aborted`; no request succeeds from then on. */
  abort(): void;
}
