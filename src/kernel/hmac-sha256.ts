import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Messages up to this size are hashed in scratch space; longer ones go through Node's streaming HMAC. */
const SCRATCH_BYTES = 8 * 1024;

/**
 * HMAC-SHA256 (RFC 2104) under one key, for short messages by the thousand: two one-shot hashes over prepared blocks,
 * where Node's own `createHmac` spends most of its time on making an object.
 */
export class HmacSha256 {
  readonly #key: KeyObject;
  readonly #inner = Buffer.alloc(BLOCK_BYTES + SCRATCH_BYTES);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);

  /** @param key at most 64 bytes. */
  constructor(key: Buffer) {
    if (key.length > BLOCK_BYTES) throw new RangeError('the key is longer than a block');
    this.#key = createSecretKey(key);
    for (let at = 0; at < BLOCK_BYTES; at += 1) {
      const byte = key[at] ?? 0;
      this.#inner[at] = byte ^ 0x36;
      this.#outer[at] = byte ^ 0x5c;
    }
  }

  /** The digest of the concatenated parts, 32 bytes; text counts as UTF-8. */
  digest(...parts: readonly (string | Uint8Array)[]): Buffer {
    const end = this.#gather(parts);
    if (end === undefined) return this.#stream(parts);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
    return Buffer.from(hash('sha256', this.#outer, 'binary'), 'latin1');
  }

  /** Lays the message behind the inner block. @returns its end, or undefined when it does not fit. */
  #gather(parts: readonly (string | Uint8Array)[]): number | undefined {
    const inner = this.#inner;
    let at = BLOCK_BYTES;
    for (const part of parts) {
      // A UTF-16 code unit takes at most three bytes of UTF-8.
      const most = typeof part === 'string' ? part.length * 3 : part.length;
      if (at + most > inner.length) return undefined;
      if (typeof part === 'string') {
        at += inner.write(part, at, 'utf8');
      } else {
        inner.set(part, at);
        at += part.length;
      }
    }
    return at;
  }

  #stream(parts: readonly (string | Uint8Array)[]): Buffer {
    const hmac = createHmac('sha256', this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  }
}
