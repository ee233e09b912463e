import type { RecordHeaders } from '../kernel/event.ts';

/**
 * Request headers kept with an event: what tells later where it came from and what it was about. Credentials never:
 * no authorization, cookie, signature value, verification token or client certificate.
 */
const KEPT: ReadonlySet<string> = new Set([
  'content-digest',
  'content-language',
  'content-location',
  'content-type',
  'date',
  'etag',
  'fhir-version',
  'idempotency-key',
  'if-match',
  'if-none-exist',
  'if-none-match',
  'last-modified',
  'prefer',
  'svix-id',
  'svix-timestamp',
  'traceparent',
  'tracestate',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'x-correlation-id',
  'x-github-delivery',
  'x-github-event',
  'x-medplum-deleted-resource',
  'x-medplum-interaction',
  'x-medplum-subscription',
  'x-request-id',
  'x-slack-request-timestamp',
]);

/**
 * Headers of record of a request, names in lower case; repeated lines are joined as RFC 9110 §5.3 says.
 * @param rawHeaders name, value, name, value … as Node received them.
 */
export function headersOfRecord(rawHeaders: readonly string[]): RecordHeaders {
  const kept: Record<string, string> = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (!KEPT.has(name)) continue;
    const value = rawHeaders[at + 1] as string;
    const earlier = kept[name];
    kept[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return kept;
}
