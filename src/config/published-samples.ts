import { createHash } from 'node:crypto';

/**
 * Secrets that stand in specifications, documentation and test vectors, and what people type instead of one.
 * Anybody can sign with these, so none may protect anything.
 */
const PUBLISHED_SAMPLES = [
  // Standard Webhooks: JavaScript and Rust libraries, specification
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  'whsec_plJ3nmyCDGBKInavdOK15jsl',
  // GitHub, octokit, Slack, Stripe, Hook0, Convoy
  "It's a Secret to Everybody",
  'mysecret',
  '8f742231b10e8888abcd99yyyzzz85a5',
  'test_secret',
  'a-subscription-secret',
  'convoy-webhook-secret',
  // RFC 9421 B.1.5, RFC 4231, RFC 7515 A.1, RFC 8032 §7.1 tests 1 to 3, RFC 9421 B.1.4 (Ed25519 private)
  'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  'Jefe',
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
  'n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=',
  // jwt.io and libraries' introductions
  'your-256-bit-secret',
  'your-384-bit-secret',
  'your-512-bit-secret',
  'a-string-secret-at-least-256-bits-long',
  'a-string-secret-at-least-384-bits-long-for-hs384',
  // typed instead of a secret
  'secret',
  'shared-secret',
  'sharedsecret',
  'webhook-secret',
  'webhooksecret',
  'admin',
  'demo',
  'dev',
  'test',
  'keyboard cat',
  'shhhhh',
  'hunter2',
  'qwerty',
  '123456',
] as const;

/** Digests of each sample, as text and as the bytes it stands for in base64 or hex. */
const SAMPLE_DIGESTS: ReadonlySet<string> = new Set(PUBLISHED_SAMPLES.flatMap(sampleForms).map(digest));

/** Whether a key is a published sample, in whichever form it was written. */
export function isPublishedSample(bytes: Uint8Array, text: string): boolean {
  const forms = [bytes, Buffer.from(text.trim()), Buffer.from(text.trim().toLowerCase())];
  return forms.some((form) => SAMPLE_DIGESTS.has(digest(form)));
}

function sampleForms(sample: string): readonly Uint8Array[] {
  const encoded = sample.replace(/^whsec_/, '');
  const forms = [Buffer.from(sample), Buffer.from(sample.toLowerCase())];
  if (encoded.length < 24) return forms;
  forms.push(Buffer.from(encoded), Buffer.from(encoded, 'base64'));
  return /^[0-9a-f]+$/.test(encoded) ? [...forms, Buffer.from(encoded, 'hex')] : forms;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}
