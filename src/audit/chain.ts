import { hash } from 'node:crypto';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { toInstant } from '../kernel/clock.ts';
import type { OrganizationId } from '../kernel/ids.ts';
import type { AuditEntry } from './record.ts';

/**
 * Hash chain of one organization's audit records.
 *
 * leaf_i = SHA-256(0x00 ‖ record bytes)                (the leaf of RFC 6962 §2.1, so that a Merkle tree fits over it)
 * hash_i = SHA-256(0x02 ‖ organization ‖ 0x00 ‖ sequence as u64 ‖ hash_{i-1} ‖ leaf_i),  hash_0 = 32 zero bytes
 *
 * Sequence runs from 1 without holes. Every record is recomputed by verification, never only the ends.
 */
const HASH_BYTES = 32;
export const CHAIN_START: Buffer = Buffer.alloc(HASH_BYTES);

/** Canonical bytes (RFC 8785) of a record: what is hashed and what is stored. */
export function auditRecordBytes(
  organization: OrganizationId,
  sequence: number,
  at: number,
  entry: AuditEntry,
): Buffer {
  const record = {
    action: entry.action,
    actor: entry.actor,
    at: toInstant(at),
    detail: entry.detail,
    org: organization,
    outcome: entry.outcome,
    reason: entry.reason,
    request: entry.requestId,
    seq: sequence,
    target: entry.target,
    v: 1,
  };
  return Buffer.from(canonicalJson(record), 'utf8');
}

/**
 * Computes the hashes of one organization's chain from a known one on. It holds its last hash and scratch space, so that a
 * million records cost no garbage.
 */
export class ChainHasher {
  readonly #link: Buffer;
  readonly #sequenceAt: number;
  /** hash_{i-1} before `next`, hash_i after it; a part of the link, where the next computation wants it. */
  readonly #hash: Buffer;
  #leaf = Buffer.alloc(2048);

  /** @param previous the hash to go on from, 32 bytes. */
  constructor(organization: OrganizationId, previous: Uint8Array) {
    const name = Buffer.from(organization, 'utf8');
    this.#sequenceAt = 1 + name.length + 1;
    const hashAt = this.#sequenceAt + 8;
    this.#link = Buffer.alloc(hashAt + HASH_BYTES + HASH_BYTES);
    this.#link[0] = 0x02;
    name.copy(this.#link, 1);
    this.#link.set(previous, hashAt);
    this.#hash = this.#link.subarray(hashAt, hashAt + HASH_BYTES);
  }

  /** The last hash, 32 bytes; the view holds it until `next` only. */
  get hash(): Buffer {
    return this.#hash;
  }

  /** @returns hash_i, 32 bytes; the view holds it until the next call only. */
  next(sequence: number, recordBytes: Uint8Array): Buffer {
    const link = this.#link;
    link.writeUInt32BE(Math.floor(sequence / 2 ** 32), this.#sequenceAt);
    link.writeUInt32BE(sequence >>> 0, this.#sequenceAt + 4);
    link.write(this.#leafHash(recordBytes), link.length - HASH_BYTES, 'latin1');
    this.#hash.write(hash('sha256', link, 'binary'), 0, 'latin1');
    return this.#hash;
  }

  /** As Latin-1 text, which Node hands over in a quarter of the time a buffer takes. */
  #leafHash(recordBytes: Uint8Array): string {
    const size = recordBytes.length + 1;
    if (size > this.#leaf.length) this.#leaf = Buffer.alloc(size * 2);
    this.#leaf.set(recordBytes, 1);
    return hash('sha256', this.#leaf.subarray(0, size), 'binary');
  }
}
