import { decodeLowerHex } from './encodings.ts';
import { hmacMatches, judgeKeys, type KeySettings, NOTHING_SIGNED, refused } from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import type { SignatureVerdict, SignedRequest } from './types.ts';

/**
 * Medplum (docs, "Subscriptions"): `X-Signature` is the bare hexadecimal HMAC-SHA256 of the body. Neither a time nor
 * an id is signed, and the body of every deletion is `{}`: what was deleted is named in an unsigned header only.
 */
export function verifyMedplum(request: SignedRequest, settings: KeySettings, now: number): SignatureVerdict {
  const header = singleHeader(request.rawHeaders, 'x-signature');
  if (header === undefined) return refused('signature-missing');
  if (header === REPEATED) return refused('signature-repeated');
  const candidate = decodeLowerHex(header, 32);
  if (candidate === undefined) return refused('signature-malformed');
  return judgeKeys(settings.keys, now, NOTHING_SIGNED, (key) =>
    hmacMatches('sha256', key, [request.body], [candidate]),
  );
}
