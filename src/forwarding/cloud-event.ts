import { SECOND, toInstant } from '../kernel/clock.ts';
import type { EventSummary } from '../kernel/event.ts';
import { childTraceParent } from '../kernel/trace-context.ts';
import type { ClaimedDelivery, CoreRequest } from './ports.ts';
import type { WebhookSigner } from './webhook-signer.ts';

/** How reliable an event's source is judged to be at the time of sending. */
export interface SourceStanding {
  /** From 0 to 100. */
  readonly score: number;
  readonly grade: string;
}

export interface Envelope {
  readonly signer: WebhookSigner;
  /** Time of sending, epoch milliseconds. */
  readonly now: number;
  readonly sourceStanding?: SourceStanding | undefined;
}

/** Longer references are left out: no FHIR reference needs more, and a larger header would fail the whole request. */
const MAX_SUBJECT_LENGTH = 2048;

/** The POST that brings an event to the core platform: a CloudEvent 1.0 in HTTP binary mode, its body unchanged. */
export function buildCoreRequest(delivery: ClaimedDelivery, envelope: Envelope): CoreRequest {
  const { summary, content } = delivery;
  const timestamp = Math.floor(envelope.now / SECOND);
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': summary.id,
    'ce-source': `/organizations/${summary.organization}/sources/${summary.source}`,
    'ce-type': summary.type,
    'ce-time': toInstant(summary.receivedAt),
    'ce-organization': summary.organization,
    'ce-attempt': String(delivery.attempt),
    'ce-replay': String(delivery.replay),
    'ce-auditseq': String(delivery.auditSequence),
    'ce-audithash': delivery.auditHash,
    'ce-validation': summary.validation,
    'x-request-id': summary.requestId,
    'webhook-id': summary.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': envelope.signer.sign(summary.id, timestamp, content.body),
  };
  addOptional(headers, summary, content.foci[0], envelope.sourceStanding);
  return { headers, body: content.body };
}

function addOptional(
  headers: Record<string, string>,
  summary: EventSummary,
  focus: string | undefined,
  standing: SourceStanding | undefined,
): void {
  const subject = focus === undefined ? '' : encodeHeaderValue(focus);
  if (subject !== '' && subject.length <= MAX_SUBJECT_LENGTH) headers['ce-subject'] = subject;
  if (summary.contentType !== '') headers['content-type'] = summary.contentType;
  if (summary.fhirVersion !== undefined) headers['ce-fhirversion'] = encodeHeaderValue(summary.fhirVersion);
  if (summary.traceParent !== undefined) headers.traceparent = childTraceParent(summary.traceParent);
  if (standing === undefined) return;
  headers['ce-sourcescore'] = String(standing.score);
  headers['ce-sourcegrade'] = encodeHeaderValue(standing.grade);
}

/**
 * Percent-encodes an attribute value as the CloudEvents HTTP binding 1.0 §3.1.3.2 asks: space, double quote, percent
 * and everything outside printable ASCII, as UTF-8 in upper-case hex. A lone surrogate becomes U+FFFD.
 */
export function encodeHeaderValue(value: string): string {
  return value.replace(/[^!#$&-~]+/g, (run) => encodeURIComponent(run.toWellFormed()));
}
