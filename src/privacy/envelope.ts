import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { GatewayError } from '../kernel/errors.ts';
import { HmacSha256 } from '../kernel/hmac-sha256.ts';
import { takeRandom } from '../kernel/random.ts';

/**
 * Envelope encryption of stored content: AES-256-GCM under a subkey of its own for every record and field.
 *
 * Sealed form: `GWE1` ‖ algorithm (1 byte) ‖ key id (16) ‖ key commitment (32) ‖ IV (12) ‖ ciphertext ‖ tag (16).
 * The commitment pins the ciphertext to one data key, which GCM alone does not. The associated data binds it to
 * organization, record, field and schema version, so that a ciphertext moved elsewhere does not open.
 */
export interface DataKey {
  /** 16 bytes naming the key generation. */
  readonly id: Buffer;
  /** 32 uniformly random bytes. */
  readonly secret: Buffer;
  /** HMAC under the secret: what everything is derived with. */
  readonly prf: HmacSha256;
  /** 32 bytes derived from the secret; equal commitments mean equal keys. */
  readonly commitment: Buffer;
}

/** What a sealed value belongs to. `recordId` is unique within organization and field. */
export interface SealContext {
  readonly organization: string;
  readonly recordId: Uint8Array;
  readonly field: string;
  readonly schemaVersion: number;
}

const MAGIC = Buffer.from('GWE1', 'latin1');
const ALGORITHM_AES_256_GCM = 1;
const KEY_ID_AT = 5;
const COMMITMENT_AT = KEY_ID_AT + 16;
const IV_AT = COMMITMENT_AT + 32;
const CIPHERTEXT_AT = IV_AT + 12;
const TAG_BYTES = 16;

/** Bytes that sealing adds to a plaintext. */
export const SEAL_OVERHEAD = CIPHERTEXT_AT + TAG_BYTES;

/**
 * @param id 16 bytes naming this generation.
 * @param secret 32 uniformly random bytes.
 */
export function createDataKey(id: Buffer, secret: Buffer): DataKey {
  if (id.length !== 16 || secret.length !== 32) {
    throw new RangeError('a data key is 32 bytes with an id of 16 bytes');
  }
  const prf = new HmacSha256(secret);
  return { id, secret, prf, commitment: expand(prf, 'portcullis key commitment') };
}

/** HKDF-Expand (RFC 5869 §2.3) to one block of 32 bytes; the secret is uniform, so Extract is not needed (§3.3). */
function expand(prf: HmacSha256, label: string, context?: Uint8Array): Buffer {
  return context === undefined
    ? prf.digest(label, FIRST_BLOCK)
    : prf.digest(label, SEPARATOR, context, FIRST_BLOCK);
}

const SEPARATOR = Buffer.from([0]);
const FIRST_BLOCK = Buffer.from([1]);

/** A key derived from a data key for one purpose, 32 bytes. */
export function deriveKey(key: DataKey, purpose: string): Buffer {
  return expand(key.prf, `portcullis ${purpose}`);
}

/** Seals the concatenation of `parts`. */
export function seal(key: DataKey, context: SealContext, parts: readonly Uint8Array[]): Buffer {
  const plaintext = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  const sealed = Buffer.allocUnsafe(plaintext.length + SEAL_OVERHEAD);
  MAGIC.copy(sealed, 0);
  sealed[MAGIC.length] = ALGORITHM_AES_256_GCM;
  key.id.copy(sealed, KEY_ID_AT);
  key.commitment.copy(sealed, COMMITMENT_AT);
  const iv = sealed.subarray(IV_AT, CIPHERTEXT_AT);
  takeRandom(iv.length).copy(iv);
  const cipher = createCipheriv('aes-256-gcm', recordKey(key, context), iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(context));
  let at = CIPHERTEXT_AT;
  at += cipher.update(plaintext).copy(sealed, at);
  at += cipher.final().copy(sealed, at);
  cipher.getAuthTag().copy(sealed, at);
  return sealed;
}

/** The id of the data key that sealed this, without opening it. */
export function sealedKeyId(sealed: Uint8Array): Buffer {
  if (sealed.length < SEAL_OVERHEAD || !MAGIC.equals(sealed.subarray(0, MAGIC.length))) {
    throw notOpenable('seal-malformed', 'not a sealed value');
  }
  return Buffer.from(sealed.subarray(KEY_ID_AT, COMMITMENT_AT));
}

/** @throws GatewayError `seal-*` when the value was altered, moved, or sealed under another key. */
export function open(key: DataKey, context: SealContext, sealed: Uint8Array): Buffer {
  const keyId = sealedKeyId(sealed);
  if (sealed[MAGIC.length] !== ALGORITHM_AES_256_GCM)
    throw notOpenable('seal-algorithm-unknown', 'unknown seal algorithm');
  const committed = timingSafeEqual(sealed.subarray(COMMITMENT_AT, IV_AT), key.commitment);
  if (!keyId.equals(key.id) || !committed) throw notOpenable('seal-key-mismatch', 'sealed under another key');
  const iv = sealed.subarray(IV_AT, CIPHERTEXT_AT);
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', recordKey(key, context), iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(context));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(CIPHERTEXT_AT, tagAt));
  try {
    decipher.final();
  } catch (cause) {
    throw notOpenable('seal-altered', 'the sealed value was altered or belongs elsewhere', cause);
  }
  return plain;
}

/** As a key object: Node takes ten times longer to start a cipher from raw bytes. */
function recordKey(key: DataKey, context: SealContext): KeyObject {
  return createSecretKey(expand(key.prf, `portcullis record ${context.field}`, context.recordId));
}

/** Length-prefixed, so that no two contexts share an encoding. */
function associatedData(context: SealContext): Buffer {
  const record = Buffer.from(
    context.recordId.buffer,
    context.recordId.byteOffset,
    context.recordId.byteLength,
  ).toString('hex');
  const { organization, field, schemaVersion } = context;
  return Buffer.from(
    `${organization.length}:${organization}|${record}|${field.length}:${field}|${schemaVersion}`,
    'utf8',
  );
}

function notOpenable(code: string, message: string, cause?: unknown): GatewayError {
  return new GatewayError(code, 'park', message, { cause });
}
