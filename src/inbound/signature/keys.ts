import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './encodings.ts';
import type { SchemeName, VerificationKey } from './types.ts';

export type KeyEncoding = 'base64' | 'hex' | 'utf8';

/** A secret as configured. */
export interface KeyInput {
  readonly scheme: SchemeName;
  readonly id: string;
  readonly text: string;
  /** How the text stands for bytes; the scheme's own form where not given. */
  readonly encoding?: KeyEncoding | undefined;
  /** Epoch milliseconds; `notBefore <= signed time < notAfter`. */
  readonly notBefore?: number | undefined;
  readonly notAfter?: number | undefined;
}

export type KeyProblemCode =
  | 'key-empty'
  | 'key-surrounded-by-space'
  | 'key-has-version-prefix'
  | 'key-is-private'
  | 'key-kind-unsupported'
  | 'key-algorithm-unsupported'
  | 'key-not-base64'
  | 'key-not-hex'
  | 'key-wrong-length'
  | 'key-weak'
  | 'key-window-empty';

/** What is wrong with a secret and what to do about it. Never holds any of the secret. */
export interface KeyProblem {
  readonly code: KeyProblemCode;
  readonly message: string;
}

export type KeyParse =
  | { readonly ok: true; readonly key: VerificationKey }
  | { readonly ok: false; readonly problem: KeyProblem };

type Material = VerificationKey['material'];

const ED25519_KEY_BYTES = 32;
const SHARED_PREFIX = 'whsec_';
const PUBLIC_PREFIX = 'whpk_';
const PRIVATE_KEY = /^\s*(?:v\d+a?,)?whsk_|-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const HEX = /^(?:[0-9a-fA-F]{2})+$/;

const PROBLEMS: Readonly<Record<KeyProblemCode, string>> = {
  'key-empty': 'the secret is empty: put the value that the sender signs with',
  'key-surrounded-by-space':
    'the secret begins or ends with white space: remove it, a line break at the end included',
  'key-has-version-prefix':
    'the secret begins with a signature version: remove the part up to and including the comma',
  'key-is-private':
    "this is a private signing key: configure the sender's public key (whpk_… or a PEM public key) and keep the private one with the sender",
  'key-kind-unsupported': 'this scheme signs with a shared secret: configure that secret, not a public key',
  'key-algorithm-unsupported':
    'the public key is not a readable Ed25519 key: use an Ed25519 key as whpk_… or PEM (SPKI)',
  'key-not-base64':
    'the secret is not base64: copy it whole, with its padding, or set encoding to what the text is (hex or utf8)',
  'key-not-hex':
    'the secret is not hexadecimal: use an even number of hexadecimal digits or set another encoding',
  'key-wrong-length': 'an Ed25519 public key is 32 bytes: copy the whole value after whpk_',
  'key-weak': 'the public key is all zero, which anyone can sign for: put the real key',
  'key-window-empty':
    'notBefore is not earlier than notAfter, so the key could never be used: correct the dates',
};

/**
 * Reads a configured secret. `whsec_` + base64 is decoded for `standard-webhooks`, which also takes plain base64; the
 * other schemes take the text's UTF-8 bytes, for Stripe the prefix included. `whpk_` + base64 and PEM are Ed25519
 * public keys, for the two schemes that have them. `encoding` overrides how a shared secret is read.
 */
export function parseVerificationKey(input: KeyInput): KeyParse {
  const material = readMaterial(input);
  if (typeof material === 'string')
    return { ok: false, problem: { code: material, message: PROBLEMS[material] } };
  return {
    ok: true,
    key: { id: input.id, material, notBefore: input.notBefore, notAfter: input.notAfter },
  };
}

function readMaterial(input: KeyInput): Material | KeyProblemCode {
  const { text, notBefore, notAfter } = input;
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) return 'key-window-empty';
  if (text.trim() === '') return 'key-empty';
  if (PRIVATE_KEY.test(text)) return 'key-is-private';
  if (/^\s*-----BEGIN /.test(text)) return publicMaterial(input, () => publicKeyFromPem(text));
  if (text.trim() !== text) return 'key-surrounded-by-space';
  if (/^v\d+a?,(?:whsec_|whpk_)/.test(text)) return 'key-has-version-prefix';
  if (text.startsWith(PUBLIC_PREFIX)) {
    return publicMaterial(input, () => publicKeyFromBase64(text.slice(PUBLIC_PREFIX.length)));
  }
  return sharedMaterial(input);
}

function sharedMaterial(input: KeyInput): Material | KeyProblemCode {
  const standard = input.scheme === 'standard-webhooks';
  const encoding = input.encoding ?? (standard ? 'base64' : 'utf8');
  const prefixed = standard && encoding !== 'utf8' && input.text.startsWith(SHARED_PREFIX);
  const bytes = decode(prefixed ? input.text.slice(SHARED_PREFIX.length) : input.text, encoding);
  if (typeof bytes === 'string') return bytes;
  return bytes.length === 0 ? 'key-empty' : { kind: 'hmac', key: createSecretKey(bytes) };
}

function decode(text: string, encoding: KeyEncoding): Buffer | KeyProblemCode {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  if (encoding === 'hex') return HEX.test(text) ? Buffer.from(text, 'hex') : 'key-not-hex';
  return decodeBase64(text) ?? 'key-not-base64';
}

function publicMaterial(input: KeyInput, read: () => KeyObject | KeyProblemCode): Material | KeyProblemCode {
  if (input.scheme !== 'standard-webhooks' && input.scheme !== 'http-message-signatures')
    return 'key-kind-unsupported';
  const publicKey = read();
  return typeof publicKey === 'string' ? publicKey : { kind: 'ed25519', publicKey };
}

function publicKeyFromPem(text: string): KeyObject | KeyProblemCode {
  try {
    const key = createPublicKey(text);
    return key.asymmetricKeyType === 'ed25519' ? key : 'key-algorithm-unsupported';
  } catch {
    return 'key-algorithm-unsupported';
  }
}

function publicKeyFromBase64(text: string): KeyObject | KeyProblemCode {
  const bytes = decodeBase64(text);
  if (bytes === undefined) return 'key-not-base64';
  if (bytes.length !== ED25519_KEY_BYTES) return 'key-wrong-length';
  if (bytes.every((byte) => byte === 0)) return 'key-weak';
  return createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
  });
}
