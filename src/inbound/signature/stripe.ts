import { decodeLowerHex } from './encodings.ts';
import { hmacMatches, judgeKeys, type KeySettings, MAX_CANDIDATES, refused } from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import { judgeSeconds } from './signed-time.ts';
import type { SignatureRefusal, SignatureVerdict, SignedRequest } from './types.ts';

interface StripeHeader {
  readonly timestamp: string;
  readonly candidates: readonly Buffer[];
}

/**
 * Stripe (docs.stripe.com/webhooks, "Verify webhook signatures manually"): `Stripe-Signature: t=…,v1=hex[,v1=hex…]`,
 * HMAC-SHA256 over `t.body`. There are several `v1` while a secret is rolled. `v0` is a test scheme that Stripe says
 * to ignore, like every other name.
 */
export function verifyStripe(request: SignedRequest, settings: KeySettings, now: number): SignatureVerdict {
  const header = singleHeader(request.rawHeaders, 'stripe-signature');
  if (header === undefined) return refused('signature-missing');
  if (header === REPEATED) return refused('signature-repeated');
  const read = readHeader(header);
  if (typeof read === 'string') return refused(read);
  const signedAt = judgeSeconds(read.timestamp, now, settings.toleranceMs);
  if (typeof signedAt === 'string') return refused(signedAt);
  const content = [`${read.timestamp}.`, request.body];
  return judgeKeys(settings.keys, now, { signedAt, signedId: undefined }, (key) =>
    hmacMatches('sha256', key, content, read.candidates),
  );
}

function readHeader(header: string): StripeHeader | SignatureRefusal {
  let timestamp: string | undefined;
  let otherVersion = false;
  const offered: string[] = [];
  for (const element of header.split(',')) {
    const equals = element.indexOf('=');
    if (equals < 1) return 'signature-malformed';
    const name = element.slice(0, equals);
    if (name === 'v1') offered.push(element.slice(3));
    else if (name !== 't') otherVersion = true;
    else if (timestamp !== undefined) return 'timestamp-repeated';
    else timestamp = element.slice(2);
  }
  if (timestamp === undefined) return 'timestamp-missing';
  if (offered.length > MAX_CANDIDATES) return 'signature-candidates-exceeded';
  if (offered.length === 0) return otherVersion ? 'signature-version-unsupported' : 'signature-malformed';
  const candidates = offered.map((text) => decodeLowerHex(text, 32)).filter((bytes) => bytes !== undefined);
  return candidates.length === 0 ? 'signature-malformed' : { timestamp, candidates };
}
