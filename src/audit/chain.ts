import { canonicalJson } from '../kernel/canonical-json.ts';
import { toInstant } from '../kernel/clock.ts';
import type { OrganizationId } from '../kernel/ids.ts';
import { sha256 } from '../kernel/sha256.ts';
import type { AuditEntry } from './record.ts';

/**
 * Hash chain of one organization's audit records.
 *
 * leaf_i = SHA-256(0x00 ‖ record bytes)                (the leaf of RFC 6962 §2.1, so that a Merkle tree fits over it)
 * hash_i = SHA-256(0x02 ‖ organization ‖ 0x00 ‖ sequence as u64 ‖ hash_{i-1} ‖ leaf_i),  hash_0 = 32 zero bytes
 *
 * Sequence runs from 1 without holes. Every record is recomputed by verification, never only the ends.
 */
export const CHAIN_START: Buffer = Buffer.alloc(32);

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

/** Computes the hashes of one organization's chain; holds scratch space so that a million records cost no garbage. */
export class ChainHasher {
  readonly #link: Buffer;
  readonly #sequenceAt: number;
  #leaf = Buffer.alloc(2048);

  constructor(organization: OrganizationId) {
    const name = Buffer.from(organization, 'utf8');
    this.#sequenceAt = 1 + name.length + 1;
    this.#link = Buffer.alloc(this.#sequenceAt + 8 + 32 + 32);
    this.#link[0] = 0x02;
    name.copy(this.#link, 1);
  }

  /** @returns hash_i, 32 bytes. */
  next(sequence: number, previous: Uint8Array, recordBytes: Uint8Array): Buffer {
    const link = this.#link;
    link.writeUInt32BE(Math.floor(sequence / 2 ** 32), this.#sequenceAt);
    link.writeUInt32BE(sequence >>> 0, this.#sequenceAt + 4);
    link.set(previous, this.#sequenceAt + 8);
    link.set(this.#leafHash(recordBytes), this.#sequenceAt + 40);
    return sha256(link);
  }

  #leafHash(recordBytes: Uint8Array): Buffer {
    const size = recordBytes.length + 1;
    if (size > this.#leaf.length) this.#leaf = Buffer.alloc(size * 2);
    this.#leaf.set(recordBytes, 1);
    return sha256(this.#leaf.subarray(0, size));
  }
}
