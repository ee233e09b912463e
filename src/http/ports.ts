import type { InboundOutcome, InboundRequest } from '../inbound/outcome.ts';

/** The inbound flow as the HTTP edge sees it. */
export interface InboundPort {
  /** @throws GatewayError with disposition `retry` when nothing was stored and the sender is to try again. */
  receive(request: InboundRequest): Promise<InboundOutcome>;
}

/** Whether traffic should be sent here. Warnings do not make it unready. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** A source whose request was proven authentic: only then may its name become a label. */
export interface ProvenSource {
  readonly organization: string;
  readonly source: string;
}

/** One finished webhook request. */
export interface InboundMeasurement {
  readonly outcome: string;
  readonly source: ProvenSource | undefined;
  readonly durationMs: number;
  readonly bodyBytes: number;
}

/** What the HTTP edge counts. */
export interface HttpMetrics {
  requestStarted(): void;
  requestFinished(): void;
  inboundRequest(measurement: InboundMeasurement): void;
  clientError(reason: string): void;
  connectionDropped(): void;
  /** Media type of `text()`. */
  readonly contentType: string;
  /** Everything counted, in the Prometheus text format. */
  text(): Promise<string>;
}
