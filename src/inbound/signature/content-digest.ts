import { createHash, timingSafeEqual } from 'node:crypto';
import { parseDictionary } from 'structured-headers';
import { combinedHeader } from './raw-headers.ts';
import type { SignatureRefusal } from './types.ts';

/** Hash algorithms of RFC 9530 §5 that are still fit to bind a body; the others are passed over. */
const ALGORITHMS = [
  { field: 'sha-256', hash: 'sha256', byteLength: 32 },
  { field: 'sha-512', hash: 'sha512', byteLength: 64 },
] as const;

/**
 * Undefined when Content-Digest (RFC 9530 §2) fits the exact bytes of the body: at least one known algorithm, and all
 * known ones that are present.
 */
export function contentDigestRefusal(
  rawHeaders: readonly string[],
  body: Buffer,
): SignatureRefusal | undefined {
  const header = combinedHeader(rawHeaders, 'content-digest');
  if (header === undefined) return 'digest-missing';
  const offered = readDigests(header);
  if (offered === undefined) return 'digest-malformed';
  if (offered.length === 0) return 'algorithm-refused';
  const same = offered.map(({ hash, value }) =>
    timingSafeEqual(createHash(hash).update(body).digest(), value),
  );
  return same.includes(false) ? 'digest-mismatch' : undefined;
}

/** The Content-Digest value for a body, by SHA-256. */
export function contentDigest(body: Buffer): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

interface OfferedDigest {
  readonly hash: 'sha256' | 'sha512';
  readonly value: Buffer;
}

function readDigests(header: string): readonly OfferedDigest[] | undefined {
  const digests: OfferedDigest[] = [];
  try {
    const members = parseDictionary(header);
    for (const { field, hash, byteLength } of ALGORITHMS) {
      const member = members.get(field);
      if (member === undefined) continue;
      const value = member[0];
      if (!(value instanceof ArrayBuffer) || value.byteLength !== byteLength) return undefined;
      digests.push({ hash, value: Buffer.from(value) });
    }
  } catch {
    return undefined;
  }
  return digests;
}
