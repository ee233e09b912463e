import type { TraceParent } from '../../../kernel/event.ts';
import {
  EVENT_TYPES,
  type EventSummary,
  type SealedContent,
  type ValidationVerdict,
} from '../../../kernel/event.ts';
import { eventIdFromBytes, type OrganizationId, type RequestId, type SourceId } from '../../../kernel/ids.ts';
import { open, type SealContext, seal } from '../../../privacy/envelope.ts';
import type { Keyring } from '../../../privacy/keyring.ts';
import type { Names } from './names.ts';

/** What `event.meta` holds, as JSON. */
export interface EventMeta {
  readonly contentType: string;
  readonly fhirVersion?: string | undefined;
  readonly validation: ValidationVerdict;
  readonly requestId: string;
  readonly traceParent?: string | undefined;
  readonly bodyBytes: number;
  readonly keyId: string;
  readonly findings?: readonly string[] | undefined;
}

/** Columns of `event` that a reader needs. */
export interface EventRow {
  readonly seq: number;
  readonly id: Uint8Array;
  readonly org: number;
  readonly source: number;
  readonly type: number;
  readonly received_at: number;
  readonly meta: string;
  readonly audit_seq: number;
  readonly audit_hash: Uint8Array;
}

export const EVENT_COLUMNS =
  'event.seq, event.id, event.org, event.source, event.type, event.received_at, event.meta, event.audit_seq, event.audit_hash';

export function summaryOf(
  row: EventRow,
  names: Names,
): EventSummary & { readonly keyId: string; readonly findings: readonly string[] } {
  const meta = JSON.parse(row.meta) as EventMeta;
  const type = EVENT_TYPES[row.type];
  if (type === undefined) throw new Error(`the journal holds an unknown event type ${row.type}`);
  return {
    id: eventIdFromBytes(row.id),
    organization: names.textOf(row.org) as OrganizationId,
    source: names.textOf(row.source) as SourceId,
    type,
    receivedAt: row.received_at,
    bodyBytes: meta.bodyBytes,
    contentType: meta.contentType,
    fhirVersion: meta.fhirVersion,
    validation: meta.validation,
    requestId: meta.requestId as RequestId,
    traceParent: meta.traceParent as TraceParent | undefined,
    keyId: meta.keyId,
    findings: meta.findings ?? [],
  };
}

const CONTENT_VERSION = 1;

function contentContext(organization: OrganizationId, eventId: Uint8Array): SealContext {
  return { organization, recordId: eventId, field: 'event-content', schemaVersion: CONTENT_VERSION };
}

/** @param head JSON of headers of record and foci. */
export function sealContent(
  keyring: Keyring,
  organization: OrganizationId,
  eventId: Uint8Array,
  head: Uint8Array,
  body: Uint8Array,
): Buffer {
  const headBytes = Buffer.allocUnsafe(4);
  headBytes.writeUInt32BE(head.length);
  return seal(keyring.sealingKey(organization), contentContext(organization, eventId), [
    headBytes,
    head,
    body,
  ]);
}

/** @throws GatewayError `seal-*` or `key-unknown` when it cannot be opened. */
export function openContent(
  keyring: Keyring,
  organization: OrganizationId,
  eventId: Uint8Array,
  sealed: Uint8Array,
): SealedContent {
  const plain = open(keyring.openingKey(organization, sealed), contentContext(organization, eventId), sealed);
  const bodyAt = 4 + plain.readUInt32BE(0);
  const head = JSON.parse(plain.toString('utf8', 4, bodyAt)) as Omit<SealedContent, 'body'>;
  return { headers: head.headers, foci: head.foci, body: plain.subarray(bodyAt) };
}
