import type { Acknowledgement, Finding, InboundOutcome } from '../inbound/outcome.ts';
import type { Answer } from './answer.ts';
import { FHIR_JSON, findingsOutcome, operationOutcome } from './operation-outcome.ts';
import { type HeaderList, REFUSALS, type RefusalCode } from './refusal.ts';

const FHIR_TYPE = ['content-type', FHIR_JSON] as const;
const BUNDLE = '{"resourceType":"Bundle","type":"transaction-response"}';
const CHALLENGE = ['www-authenticate', 'Signature realm="webhooks"'] as const;
const CONTENT_CODINGS = ['accept-encoding', 'identity'] as const;

/** The same bytes whatever the reason, and whether or not the organization and source exist. */
const UNAUTHENTICATED = refusal('unauthenticated', CHALLENGE);
const CONFLICT = refusal('conflict', []);

/** The answer to what became of a webhook request: the table of the public contract, "HTTP, inbound". */
export function inboundAnswer(outcome: InboundOutcome): Answer {
  switch (outcome.kind) {
    case 'accepted':
      return receipt(outcome.acknowledgement, ['portcullis-event-id', outcome.eventId]);
    case 'duplicate':
      return receipt(outcome.acknowledgement, [
        'portcullis-event-id',
        outcome.eventId,
        'portcullis-duplicate',
        'true',
      ]);
    case 'unauthenticated':
      return UNAUTHENTICATED;
    case 'method-not-allowed':
      return refusal('method-not-allowed', ['allow', outcome.allow.join(', ')]);
    case 'unsupported-media-type':
      return refusal('media-type-unsupported', [
        'accept-post',
        outcome.accepts.join(', '),
        ...CONTENT_CODINGS,
      ]);
    case 'conflict':
      return CONFLICT;
    case 'invalid':
      return invalid(outcome.findings);
    case 'unavailable':
      return refusal(unavailableCode(outcome.code), ['retry-after', retryAfter(outcome.retryAfterSeconds)]);
  }
}

/** Whether an outcome proves that the request came from the source it names. */
export function isProven(outcome: InboundOutcome): boolean {
  return outcome.kind !== 'unauthenticated' && outcome.kind !== 'unavailable';
}

/** `Retry-After` in whole seconds, at least one (RFC 9110 §10.2.3). */
export function retryAfter(seconds: number | undefined): string {
  return String(Math.max(1, Math.ceil(seconds ?? 1)));
}

function receipt({ status, body }: Acknowledgement, headers: HeaderList): Answer {
  if (body === 'none' || status === 204) return { status, headers, body: undefined };
  return { status, headers: [...FHIR_TYPE, ...headers], body: BUNDLE };
}

function refusal(code: RefusalCode, headers: HeaderList): Answer {
  return { status: REFUSALS[code].status, headers: [...FHIR_TYPE, ...headers], body: operationOutcome(code) };
}

function invalid(findings: readonly Finding[]): Answer {
  return { status: REFUSALS.invalid.status, headers: FHIR_TYPE, body: findingsOutcome(findings) };
}

function unavailableCode(code: string): RefusalCode {
  return code === 'rate-limited' ? 'rate-limited' : 'unavailable';
}
