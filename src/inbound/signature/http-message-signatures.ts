import { verify } from 'node:crypto';
import {
  type BareItem,
  type Dictionary,
  type InnerList,
  type Item,
  parseDictionary,
} from 'structured-headers';
import { SECOND } from '../../kernel/clock.ts';
import { contentDigestRefusal } from './content-digest.ts';
import type { PublicScheme } from './derived-components.ts';
import { hmacMatches, judgeKeys, type KeySettings, MAX_CANDIDATES, refused } from './match-keys.ts';
import { REPEATED, singleHeader } from './raw-headers.ts';
import { signatureBase } from './signature-base.ts';
import { windowRefusal } from './signed-time.ts';
import type { SignatureRefusal, SignatureVerdict, SignedRequest, VerificationKey } from './types.ts';

export type HttpMessageSettings = KeySettings & {
  readonly requiredComponents: readonly string[];
  readonly publicScheme?: PublicScheme;
};

interface LabelledSignature {
  readonly input: InnerList;
  readonly signature: Buffer;
}

const MAX_EPOCH_SECONDS = 999_999_999_999;
const KEY_KIND = new Map<BareItem, 'hmac' | 'ed25519'>([
  ['hmac-sha256', 'hmac'],
  ['ed25519', 'ed25519'],
]);

/**
 * HTTP Message Signatures (RFC 9421) by `hmac-sha256` or `ed25519`. `created` and a covered `content-digest`, which is
 * checked against the raw body, are demanded besides the configured components.
 *
 * The RFC lets Signature and Signature-Input span several lines. One line each is taken here, as with every scheme:
 * several signatures fit on it, and a second line is more likely added by someone else than by the sender.
 */
export function verifyHttpMessage(
  request: SignedRequest,
  settings: HttpMessageSettings,
  now: number,
): SignatureVerdict {
  const input = singleHeader(request.rawHeaders, 'signature-input');
  const signature = singleHeader(request.rawHeaders, 'signature');
  if (input === undefined || signature === undefined) return refused('signature-missing');
  if (input === REPEATED || signature === REPEATED) return refused('signature-repeated');
  const offers = readSignatures(input, signature);
  if (typeof offers === 'string') return refused(offers);
  let refusal: SignatureRefusal | undefined;
  for (const offer of offers) {
    const verdict = judgeSignature(request, offer, settings, now);
    if (verdict.ok) return withDigest(request, verdict);
    if (refusal === undefined || progress(verdict.refusal) > progress(refusal)) refusal = verdict.refusal;
  }
  return refused(refusal ?? 'signature-malformed');
}

/** Of several refused signatures, the one that came furthest tells most about what is wrong. */
function progress(refusal: SignatureRefusal): number {
  if (refusal === 'key-not-valid-at-signed-time') return 2;
  return refusal === 'signature-mismatch' ? 1 : 0;
}

/** The body is hashed last: whoever has no key makes us read the headers, not a megabyte. */
function withDigest(request: SignedRequest, verdict: SignatureVerdict): SignatureVerdict {
  const refusal = contentDigestRefusal(request.rawHeaders, request.body);
  return refusal === undefined ? verdict : refused(refusal);
}

/** Pairs both fields by label. A label in only one of them is an error (RFC 9421 §4.2). */
function readSignatures(input: string, signature: string): readonly LabelledSignature[] | SignatureRefusal {
  const inputs = parse(input);
  const signatures = parse(signature);
  if (inputs === undefined || signatures === undefined) return 'signature-malformed';
  if (inputs.size > MAX_CANDIDATES || signatures.size > MAX_CANDIDATES)
    return 'signature-candidates-exceeded';
  if (inputs.size !== signatures.size) return 'signature-malformed';
  const pairs: LabelledSignature[] = [];
  for (const [label, member] of inputs) {
    const value = signatures.get(label)?.[0];
    if (!isInnerList(member) || !(value instanceof ArrayBuffer)) return 'signature-malformed';
    const bytes = Buffer.from(value);
    // The parser forgives missing padding and stray trailing bits; a signature has one spelling only.
    if (!signature.includes(`:${bytes.toString('base64')}:`)) return 'signature-malformed';
    pairs.push({ input: member, signature: bytes });
  }
  return pairs;
}

function parse(field: string): Dictionary | undefined {
  try {
    return parseDictionary(field);
  } catch {
    return undefined;
  }
}

function isInnerList(member: Item | InnerList): member is InnerList {
  return Array.isArray(member[0]);
}

function judgeSignature(
  request: SignedRequest,
  offer: LabelledSignature,
  settings: HttpMessageSettings,
  now: number,
): SignatureVerdict {
  const signedAt = judgeTimes(offer.input, settings.toleranceMs, now);
  if (typeof signedAt === 'string') return refused(signedAt);
  const keys = usableKeys(offer.input, settings.keys);
  if (typeof keys === 'string') return refused(keys);
  if (offer.signature.length !== 32 && offer.signature.length !== 64) return refused('signature-malformed');
  const base = signatureBase(request, offer.input, settings.publicScheme ?? 'https');
  if (typeof base === 'string') return refused(base);
  if (
    !base.covered.has('content-digest') ||
    settings.requiredComponents.some((name) => !base.covered.has(name))
  ) {
    return refused('component-not-covered');
  }
  return judgeKeys(keys, now, { signedAt, signedId: undefined }, (key) =>
    matches(key, base.text, offer.signature),
  );
}

function judgeTimes(input: InnerList, toleranceMs: number, now: number): number | SignatureRefusal {
  const created = input[1].get('created');
  const expires = input[1].get('expires');
  if (created === undefined) return 'timestamp-missing';
  if (!isEpochSeconds(created)) return 'timestamp-malformed';
  if (expires !== undefined && !isEpochSeconds(expires)) return 'timestamp-malformed';
  if (expires !== undefined && now >= expires * SECOND) return 'timestamp-stale';
  return windowRefusal(created * SECOND, now, toleranceMs) ?? created * SECOND;
}

function isEpochSeconds(value: BareItem): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_EPOCH_SECONDS;
}

/** `alg` must be the algorithm of the key; it never chooses how a key is used. `keyid` chooses among ids we know. */
function usableKeys(
  input: InnerList,
  keys: readonly VerificationKey[],
): readonly VerificationKey[] | SignatureRefusal {
  const algorithm = input[1].get('alg');
  const keyId = input[1].get('keyid');
  if (keyId !== undefined && typeof keyId !== 'string') return 'signature-malformed';
  const named = keys.filter((key) => key.id === keyId);
  const candidates = named.length > 0 ? named : keys;
  if (algorithm === undefined) return candidates;
  if (typeof algorithm !== 'string') return 'signature-malformed';
  const kind = KEY_KIND.get(algorithm);
  const fitting = candidates.filter((key) => key.material.kind === kind);
  return fitting.length === 0 ? 'algorithm-refused' : fitting;
}

function matches(key: VerificationKey, base: string, signature: Buffer): boolean {
  if (key.material.kind === 'hmac') return hmacMatches('sha256', key, [base], [signature]);
  return (
    signature.length === 64 && verify(null, Buffer.from(base, 'latin1'), key.material.publicKey, signature)
  );
}
