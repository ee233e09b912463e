import { decodeLowerHex } from './encodings.ts';
import {
  DIGEST_BYTES,
  hmacMatches,
  judgeKeys,
  type KeySettings,
  NOTHING_SIGNED,
  refused,
} from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import type { HmacAlgorithm, SignatureVerdict, SignedRequest } from './types.ts';

const METHOD = /^[A-Za-z0-9-]+$/;

/**
 * WebSub (W3C Recommendation, §8 Authenticated Content Distribution): `X-Hub-Signature: method=hex`, an HMAC of the
 * body. SHA-1 is refused although the recommendation still lists it. Neither a time nor an id is signed.
 */
export function verifyWebSub(request: SignedRequest, settings: KeySettings, now: number): SignatureVerdict {
  return verifyHub(request, settings, now, 'x-hub-signature', isWebSubMethod);
}

/**
 * GitHub (docs.github.com, "Validating webhook deliveries"): `X-Hub-Signature-256: sha256=hex` over the body.
 * The SHA-1 header that GitHub sends beside it is never looked at.
 */
export function verifyGitHub(request: SignedRequest, settings: KeySettings, now: number): SignatureVerdict {
  return verifyHub(request, settings, now, 'x-hub-signature-256', isGitHubMethod);
}

function isWebSubMethod(method: string): method is HmacAlgorithm {
  return method === 'sha256' || method === 'sha384' || method === 'sha512';
}

function isGitHubMethod(method: string): method is 'sha256' {
  return method === 'sha256';
}

function verifyHub(
  request: SignedRequest,
  settings: KeySettings,
  now: number,
  headerName: string,
  isMethod: (method: string) => method is HmacAlgorithm,
): SignatureVerdict {
  const header = singleHeader(request.rawHeaders, headerName);
  if (header === undefined) return refused('signature-missing');
  if (header === REPEATED) return refused('signature-repeated');
  const equals = header.indexOf('=');
  const method = header.slice(0, Math.max(equals, 0));
  if (!METHOD.test(method)) return refused('signature-malformed');
  if (!isMethod(method)) return refused('algorithm-refused');
  const candidate = decodeLowerHex(header.slice(equals + 1), DIGEST_BYTES[method]);
  if (candidate === undefined) return refused('signature-malformed');
  return judgeKeys(settings.keys, now, NOTHING_SIGNED, (key) =>
    hmacMatches(method, key, [request.body], [candidate]),
  );
}
