import { isPublishedSample } from './published-samples.ts';

export type KeyWeakness =
  | 'short'
  | 'zero'
  | 'sample'
  | 'placeholder'
  | 'repeating'
  | 'counting'
  | 'low-entropy';

/** Below this many bits of estimated entropy a text was typed, not drawn: 24 random bytes have about 105. */
const MIN_ENTROPY_BITS = 72;

/** Pieces longer than this are not looked for. */
const MAX_PERIOD_BYTES = 64;

/** Words that stand where a secret was to be put. Long enough never to turn up in random base64. */
const PLACEHOLDER_WORDS = [
  'changeme',
  'change-me',
  'change_me',
  'replaceme',
  'replace-me',
  'replace_me',
  'placeholder',
  'password',
  'example',
  'insecure',
  'letmein',
  'mysecret',
  'my-secret',
  'my_secret',
  'yoursecret',
  'your-secret',
  'your_secret',
  'topsecret',
  'supersecret',
  'super-secret',
  'super_secret',
  'secretsecret',
  'test-secret',
  'test_secret',
  'testsecret',
] as const;

/**
 * Why a secret must not protect real data, or undefined.
 * @param bytes the key as it is used. @param text the key as it was written. @param minBytes least length of `bytes`.
 */
export function keyWeakness(bytes: Uint8Array, text: string, minBytes: number): KeyWeakness | undefined {
  if (isPublishedSample(bytes, text)) return 'sample';
  if (bytes.every((byte) => byte === 0)) return 'zero';
  if (isPlaceholder(text)) return 'placeholder';
  if (bytes.length < minBytes) return 'short';
  if (isRepeating(bytes)) return 'repeating';
  if (isCounting(bytes)) return 'counting';
  return entropyBits(bytes) < MIN_ENTROPY_BITS ? 'low-entropy' : undefined;
}

function isPlaceholder(text: string): boolean {
  const lower = text.toLowerCase();
  return PLACEHOLDER_WORDS.some((word) => lower.includes(word));
}

/** Whether it is one shorter piece written over and over, the last time perhaps in part. */
function isRepeating(bytes: Uint8Array): boolean {
  const longest = Math.min(Math.floor(bytes.length / 2), MAX_PERIOD_BYTES);
  for (let period = 1; period <= longest; period++) {
    if (bytes.subarray(period).every((byte, index) => byte === bytes[index])) return true;
  }
  return false;
}

/** Whether each byte differs from the one before by the same amount. */
function isCounting(bytes: Uint8Array): boolean {
  const step = difference(bytes, 1);
  return bytes.length > 2 && bytes.every((_, index) => index === 0 || difference(bytes, index) === step);
}

function difference(bytes: Uint8Array, index: number): number {
  return ((bytes[index] ?? 0) - (bytes[index - 1] ?? 0) + 256) % 256;
}

/** Shannon's estimate from how often each byte occurs. It only ever accuses too little, never a random key. */
function entropyBits(bytes: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / bytes.length);
  return bits;
}
