import { takeRandom } from './random.ts';

/**
 * Identifiers are branded: a plain string cannot be used where an organization, a source or an event is meant.
 * Each has exactly one maker, which parses it.
 */
export type OrganizationId = string & { readonly __brand: 'OrganizationId' };
export type SourceId = string & { readonly __brand: 'SourceId' };
export type EventId = string & { readonly __brand: 'EventId' };
export type RequestId = string & { readonly __brand: 'RequestId' };

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Visible ASCII without quotes, commas and semicolons: safe in headers and in log lines. */
const REQUEST_ID = /^[A-Za-z0-9._:@+/=-]{1,128}$/;

/** The chain and scope that belong to the gateway itself; no organization may have this id (slugs hold no `_`). */
export const GATEWAY_SCOPE = '_gateway' as OrganizationId;

export function parseOrganizationId(text: string): OrganizationId | undefined {
  return SLUG.test(text) ? (text as OrganizationId) : undefined;
}

export function parseSourceId(text: string): SourceId | undefined {
  return SLUG.test(text) ? (text as SourceId) : undefined;
}

export function parseEventId(text: string): EventId | undefined {
  return UUID_V7.test(text) ? (text as EventId) : undefined;
}

export function parseRequestId(text: string | undefined): RequestId | undefined {
  return text !== undefined && REQUEST_ID.test(text) ? (text as RequestId) : undefined;
}

/** A UUIDv7 (RFC 9562 §5.7): 48 bits of epoch milliseconds, then 74 random bits. */
export function newEventId(epochMs: number): EventId {
  return formatUuid(uuidV7Bytes(epochMs)) as EventId;
}

export function newRequestId(epochMs: number): RequestId {
  return formatUuid(uuidV7Bytes(epochMs)) as string as RequestId;
}

function uuidV7Bytes(epochMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUIntBE(epochMs, 0, 6);
  takeRandom(10).copy(bytes, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 16 bytes of a UUID in its text form. */
export function uuidToBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

export function eventIdFromBytes(bytes: Uint8Array): EventId {
  return formatUuid(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as EventId;
}
