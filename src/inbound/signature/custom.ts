import { pathOf, renderContent, signs } from './custom-template.ts';
import { deliveryIdRefusal } from './delivery-id.ts';
import { decodeExactBase64, decodeExactBase64Url, decodeUniformHex } from './encodings.ts';
import {
  DIGEST_BYTES,
  hmacMatches,
  judgeKeys,
  type KeySettings,
  refused,
  type SignedFacts,
} from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import { parseEpochMilliseconds, parseEpochSeconds, timestampText, windowRefusal } from './signed-time.ts';
import type { CustomScheme, SignatureRefusal, SignatureVerdict, SignedRequest } from './types.ts';

export type CustomSettings = KeySettings & { readonly custom: CustomScheme };

interface Metadata extends SignedFacts {
  readonly timestamp: string | undefined;
}

/**
 * A sender without a preset: one HMAC in a header, over a template. A timestamp or id counts as signed only where the
 * template holds it; hexadecimal may be all lower or all upper case, since no document of the sender binds us.
 */
export function verifyCustom(
  request: SignedRequest,
  settings: CustomSettings,
  now: number,
): SignatureVerdict {
  const { custom } = settings;
  const header = singleHeader(request.rawHeaders, custom.header.toLowerCase());
  if (header === undefined) return refused('signature-missing');
  if (header === REPEATED) return refused('signature-repeated');
  const metadata = readMetadata(request, settings, now);
  if (typeof metadata === 'string') return refused(metadata);
  const candidate = header.startsWith(custom.prefix)
    ? decodeDigest(custom, header.slice(custom.prefix.length))
    : undefined;
  if (candidate === undefined) return refused('signature-malformed');
  if (!signs(custom.content, 'body')) return refused('component-not-covered');
  const content = renderContent(custom.content, {
    timestamp: metadata.timestamp,
    id: metadata.signedId,
    method: request.method,
    path: pathOf(request.target),
    body: request.body,
  });
  if (content === undefined) return refused('component-missing');
  return judgeKeys(settings.keys, now, metadata, (key) =>
    hmacMatches(custom.algorithm, key, content, [candidate]),
  );
}

function readMetadata(
  request: SignedRequest,
  settings: CustomSettings,
  now: number,
): Metadata | SignatureRefusal {
  const { content, timestampHeader, idHeader } = settings.custom;
  let timestamp: string | undefined;
  let signedAt: number | undefined;
  let signedId: string | undefined;
  if (timestampHeader !== undefined && signs(content, 'timestamp')) {
    const found = timestampText(singleHeader(request.rawHeaders, timestampHeader.toLowerCase()));
    if (typeof found === 'string') return found;
    timestamp = found.text;
    const judged = judgeTime(timestamp, settings, now);
    if (typeof judged === 'string') return judged;
    signedAt = judged;
  }
  if (idHeader !== undefined && signs(content, 'id')) {
    const id = singleHeader(request.rawHeaders, idHeader.toLowerCase());
    const refusal = deliveryIdRefusal(id);
    if (refusal !== undefined || typeof id !== 'string') return refusal ?? 'id-malformed';
    signedId = id;
  }
  return { timestamp, signedAt, signedId };
}

function judgeTime(text: string, settings: CustomSettings, now: number): number | SignatureRefusal {
  const parse = settings.custom.timestampUnit === 'seconds' ? parseEpochSeconds : parseEpochMilliseconds;
  const signedAt = parse(text);
  if (signedAt === undefined) return 'timestamp-malformed';
  return windowRefusal(signedAt, now, settings.toleranceMs) ?? signedAt;
}

function decodeDigest(custom: CustomScheme, text: string): Buffer | undefined {
  const byteLength = DIGEST_BYTES[custom.algorithm];
  if (custom.encoding === 'hex') return decodeUniformHex(text, byteLength);
  if (custom.encoding === 'base64') return decodeExactBase64(text, byteLength);
  return decodeExactBase64Url(text, byteLength);
}
