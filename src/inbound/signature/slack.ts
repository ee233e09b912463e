import { decodeLowerHex } from './encodings.ts';
import { hmacMatches, judgeKeys, type KeySettings, refused } from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import { judgeSeconds, timestampText } from './signed-time.ts';
import type { SignatureVerdict, SignedRequest } from './types.ts';

const OTHER_VERSION = /^v\d+=/;

/**
 * Slack (api.slack.com/authentication/verifying-requests-from-slack): `X-Slack-Signature: v0=hex`, HMAC-SHA256 over
 * `v0:timestamp:body` with the time of `X-Slack-Request-Timestamp`.
 */
export function verifySlack(request: SignedRequest, settings: KeySettings, now: number): SignatureVerdict {
  const header = singleHeader(request.rawHeaders, 'x-slack-signature');
  if (header === undefined) return refused('signature-missing');
  if (header === REPEATED) return refused('signature-repeated');
  const timestamp = timestampText(singleHeader(request.rawHeaders, 'x-slack-request-timestamp'));
  if (typeof timestamp === 'string') return refused(timestamp);
  const signedAt = judgeSeconds(timestamp.text, now, settings.toleranceMs);
  if (typeof signedAt === 'string') return refused(signedAt);
  if (!header.startsWith('v0=')) {
    return refused(OTHER_VERSION.test(header) ? 'signature-version-unsupported' : 'signature-malformed');
  }
  const candidate = decodeLowerHex(header.slice(3), 32);
  if (candidate === undefined) return refused('signature-malformed');
  const content = [`v0:${timestamp.text}:`, request.body];
  return judgeKeys(settings.keys, now, { signedAt, signedId: undefined }, (key) =>
    hmacMatches('sha256', key, content, [candidate]),
  );
}
