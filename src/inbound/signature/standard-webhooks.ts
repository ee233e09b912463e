import { verify } from 'node:crypto';
import { deliveryIdRefusal } from './delivery-id.ts';
import { decodeExactBase64 } from './encodings.ts';
import {
  hmacMatches,
  judgeKeys,
  type KeySettings,
  MAX_CANDIDATES,
  refused,
  type SignedContent,
} from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import { judgeSeconds, timestampText } from './signed-time.ts';
import type { SignatureRefusal, SignatureVerdict, SignedRequest, VerificationKey } from './types.ts';

interface HeaderFamily {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

const WEBHOOK: HeaderFamily = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
};
/** The names Svix sends unless told otherwise; everything else is the same. */
const SVIX: HeaderFamily = { id: 'svix-id', timestamp: 'svix-timestamp', signature: 'svix-signature' };

/**
 * Content is `id.timestamp.body`. An id that holds a timestamp-like segment could be split in two ways, so that the
 * signature of one delivery would also fit another id, time and body. Dots elsewhere in an id are harmless.
 */
const AMBIGUOUS_ID = /\.\d{1,12}(?:\.|$)/;

/** Signatures offered in versions for which there is a key. */
interface Offers {
  readonly v1: readonly Buffer[];
  readonly v1a: readonly Buffer[];
}

/**
 * Standard Webhooks (standard-webhooks/spec): `v1` is HMAC-SHA256, `v1a` Ed25519, both over `id.timestamp.body`.
 * The names of the two header families are never mixed within a request.
 */
export function verifyStandardWebhooks(
  request: SignedRequest,
  settings: KeySettings,
  now: number,
): SignatureVerdict {
  const { rawHeaders, body } = request;
  const family = singleHeader(rawHeaders, WEBHOOK.signature) === undefined ? SVIX : WEBHOOK;
  const signature = singleHeader(rawHeaders, family.signature);
  if (signature === undefined) return refused('signature-missing');
  if (signature === REPEATED || holdsFamily(rawHeaders, family === WEBHOOK ? SVIX : WEBHOOK)) {
    return refused('signature-repeated');
  }
  const timestamp = timestampText(singleHeader(rawHeaders, family.timestamp));
  if (typeof timestamp === 'string') return refused(timestamp);
  const signedAt = judgeSeconds(timestamp.text, now, settings.toleranceMs);
  if (typeof signedAt === 'string') return refused(signedAt);
  const id = singleHeader(rawHeaders, family.id);
  const idRefusal = deliveryIdRefusal(id);
  if (idRefusal !== undefined || typeof id !== 'string') return refused(idRefusal ?? 'id-malformed');
  if (AMBIGUOUS_ID.test(id)) return refused('id-malformed');
  const offers = readOffers(signature, settings.keys);
  if (typeof offers === 'string') return refused(offers);
  const content: SignedContent = [`${id}.${timestamp.text}.`, body];
  return judgeKeys(settings.keys, now, { signedAt, signedId: id }, (key) => matches(key, content, offers));
}

function holdsFamily(rawHeaders: readonly string[], family: HeaderFamily): boolean {
  return (
    singleHeader(rawHeaders, family.signature) !== undefined ||
    singleHeader(rawHeaders, family.id) !== undefined ||
    singleHeader(rawHeaders, family.timestamp) !== undefined
  );
}

/**
 * Reads `v1,<base64> v1a,<base64> …`. Entries of versions without a key are passed over, never tried under another
 * version; malformed entries are passed over too, as long as a well-formed one remains.
 */
function readOffers(header: string, keys: readonly VerificationKey[]): Offers | SignatureRefusal {
  const entries = header.split(' ', MAX_CANDIDATES + 1);
  if (entries.length > MAX_CANDIDATES) return 'signature-candidates-exceeded';
  const takesV1 = keys.some((key) => key.material.kind === 'hmac');
  const takesV1a = keys.some((key) => key.material.kind === 'ed25519');
  const v1: Buffer[] = [];
  const v1a: Buffer[] = [];
  let otherVersion = false;
  let malformed = false;
  for (const entry of entries) {
    const comma = entry.indexOf(',');
    const version = entry.slice(0, Math.max(comma, 0));
    if (version === 'v1' && takesV1) malformed = !offer(v1, entry.slice(3), 32) || malformed;
    else if (version === 'v1a' && takesV1a) malformed = !offer(v1a, entry.slice(4), 64) || malformed;
    else if (version === '') malformed = true;
    else otherVersion = true;
  }
  if (v1.length + v1a.length > 0) return { v1, v1a };
  return otherVersion && !malformed ? 'signature-version-unsupported' : 'signature-malformed';
}

function offer(offers: Buffer[], text: string, byteLength: number): boolean {
  const bytes = decodeExactBase64(text, byteLength);
  if (bytes !== undefined) offers.push(bytes);
  return bytes !== undefined;
}

function matches(key: VerificationKey, content: SignedContent, offers: Offers): boolean {
  if (key.material.kind === 'hmac') return hmacMatches('sha256', key, content, offers.v1);
  if (offers.v1a.length === 0) return false;
  const { publicKey } = key.material;
  const message = contiguous(content);
  return offers.v1a.some((signature) => verify(null, message, publicKey, signature));
}

/** Ed25519 reads its message twice (RFC 8032 §5.1.6), so it cannot be fed in pieces. */
export function contiguous(content: SignedContent): Buffer {
  return Buffer.concat(
    content.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
  );
}
