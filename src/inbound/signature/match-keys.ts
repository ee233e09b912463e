import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type {
  HmacAlgorithm,
  SignatureRefusal,
  SignatureSettings,
  SignatureVerdict,
  VerificationKey,
} from './types.ts';

/** A sender may offer several signatures while it rolls its key; more than this is an attempt to make us work. */
export const MAX_CANDIDATES = 16;

/** What every scheme needs of its settings. */
export type KeySettings = Pick<SignatureSettings, 'keys' | 'toleranceMs'>;

/** The signed content in order. Text is header or request-line text, whose characters are bytes (ISO 8859-1). */
export type SignedContent = readonly (string | Buffer)[];

export const DIGEST_BYTES: Readonly<Record<HmacAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

export function refused(refusal: SignatureRefusal): SignatureVerdict {
  return { ok: false, refusal };
}

/** Whether a key may be used for something signed at that time: `notBefore <= time < notAfter`. */
export function isValidAt(key: VerificationKey, epochMs: number): boolean {
  return (
    (key.notBefore === undefined || key.notBefore <= epochMs) &&
    (key.notAfter === undefined || epochMs < key.notAfter)
  );
}

/** What was signed besides the body, where the scheme signs it. */
export interface SignedFacts {
  readonly signedAt: number | undefined;
  readonly signedId: string | undefined;
}

export const NOTHING_SIGNED: SignedFacts = { signedAt: undefined, signedId: undefined };

/**
 * The verdict over a set of keys. Keys whose window holds the signed time are tried first; the others only to tell a
 * forgery from a sender that still uses a retired key, which is refused just the same.
 *
 * @param now receipt time, epoch milliseconds; it chooses the key where the scheme signs no time
 * @param matches whether one of the offered signatures was made with this key
 */
export function judgeKeys(
  keys: readonly VerificationKey[],
  now: number,
  signed: SignedFacts,
  matches: (key: VerificationKey) => boolean,
): SignatureVerdict {
  const at = signed.signedAt ?? now;
  for (const key of keys) {
    if (isValidAt(key, at) && matches(key)) {
      return { ok: true, keyId: key.id, signedAt: signed.signedAt, signedId: signed.signedId };
    }
  }
  const outsideWindow = keys.some((key) => !isValidAt(key, at) && matches(key));
  return refused(outsideWindow ? 'key-not-valid-at-signed-time' : 'signature-mismatch');
}

/** The HMAC (RFC 2104) of content that is fed in pieces, so that a large body is never copied. */
export function hmacOf(algorithm: HmacAlgorithm, key: KeyObject, content: SignedContent): Buffer {
  const hmac = createHmac(algorithm, key);
  for (const piece of content) {
    if (typeof piece === 'string') hmac.update(piece, 'latin1');
    else hmac.update(piece);
  }
  return hmac.digest();
}

/** Whether any candidate is the HMAC of the content; all are compared, each in constant time. */
export function hmacMatches(
  algorithm: HmacAlgorithm,
  key: VerificationKey,
  content: SignedContent,
  candidates: readonly Buffer[],
): boolean {
  if (key.material.kind !== 'hmac') return false;
  const digest = hmacOf(algorithm, key.material.key, content);
  let found = false;
  for (const candidate of candidates) {
    if (candidate.length === digest.length && timingSafeEqual(digest, candidate)) found = true;
  }
  return found;
}
