import { randomBytes } from 'node:crypto';
import type { TraceParent } from './event.ts';

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A well-formed version-00 `traceparent` (W3C Trace Context §3.2), else undefined. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  return text !== undefined && TRACEPARENT.test(text) ? (text as TraceParent) : undefined;
}

/** The same trace with a new parent id: what this gateway sends on. */
export function childTraceParent(parent: TraceParent): TraceParent {
  return `${parent.slice(0, 36)}${randomBytes(8).toString('hex')}${parent.slice(52)}` as TraceParent;
}
