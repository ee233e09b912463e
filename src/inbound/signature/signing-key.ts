import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './encodings.ts';

const PREFIX = 'whsk_';
const SEED_BYTES = 32;
/** PKCS#8 header of an Ed25519 seed (RFC 8410 §7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * An Ed25519 private key, which a sender keeps: `whsk_` + base64 of the 32-byte seed, or of the seed followed by the
 * public key, or a PEM private key. Undefined when it is none of them, or when the two halves do not belong together.
 */
export function parseSigningKey(text: string): KeyObject | undefined {
  try {
    return text.startsWith(PREFIX) ? fromSeed(text.slice(PREFIX.length)) : fromPem(text);
  } catch {
    return undefined;
  }
}

function fromPem(text: string): KeyObject | undefined {
  const key = createPrivateKey(text);
  return key.asymmetricKeyType === 'ed25519' ? key : undefined;
}

function fromSeed(text: string): KeyObject | undefined {
  const bytes = decodeBase64(text);
  if (bytes === undefined || (bytes.length !== SEED_BYTES && bytes.length !== SEED_BYTES * 2))
    return undefined;
  const der = Buffer.concat([PKCS8_ED25519, bytes.subarray(0, SEED_BYTES)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const given = bytes.subarray(SEED_BYTES).toString('base64url');
  return given === '' || createPublicKey(key).export({ format: 'jwk' }).x === given ? key : undefined;
}
