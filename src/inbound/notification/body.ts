import { isUtf8 } from 'node:buffer';
import type { FindingList } from './finding-list.ts';
import { exceedsDepth } from './json-depth.ts';

/** Deepest nesting read: a FHIR resource of 30 nested items is within it, an attack on a parser is not. */
export const MAX_JSON_DEPTH = 64;

const PATH = 'request.body';
const BYTE_ORDER_MARK_BYTES = 3;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

export type Body =
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'json'; readonly value: unknown };

/** Reads the bytes of a body as JSON (RFC 8259): UTF-8 only, a byte order mark forgiven. Never throws. */
export function readBody(body: Buffer, contentType: string | undefined, findings: FindingList): Body {
  if (body.length === 0) return { kind: 'empty' };
  checkContentType(contentType, findings);
  const text = textBytes(body, findings);
  if (!isUtf8(text)) return unreadable('body-not-utf8', findings);
  if (exceedsDepth(text, MAX_JSON_DEPTH)) return unreadable('json-too-deep', findings);
  return parse(text.toString('utf8'), findings);
}

function parse(text: string, findings: FindingList): Body {
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    if (text.trim() !== '') return unreadable('body-not-json', findings);
    findings.add('body-blank', PATH);
    return { kind: 'empty' };
  }
}

function unreadable(code: 'body-not-utf8' | 'json-too-deep' | 'body-not-json', findings: FindingList): Body {
  findings.add(code, PATH);
  return { kind: 'unreadable' };
}

/** FHIR JSON is always UTF-8; another charset in the header is contradicted by what is read. */
function checkContentType(contentType: string | undefined, findings: FindingList): void {
  if (contentType === undefined) findings.add('content-type-missing', 'request.contentType');
  if (!contentType?.includes(';')) return;
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    findings.add('charset-not-utf8', 'request.contentType');
  }
}

function textBytes(body: Buffer, findings: FindingList): Buffer {
  if (body[0] !== 0xef || body[1] !== 0xbb || body[2] !== 0xbf) return body;
  findings.add('byte-order-mark', PATH);
  return body.subarray(BYTE_ORDER_MARK_BYTES);
}
