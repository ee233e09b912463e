import type { OrganizationId } from '../kernel/ids.ts';
import { CHAIN_START, ChainHasher } from './chain.ts';

export interface StoredAuditRecord {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

/** The end of a chain as its writer last noted it. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** `altered`: the record at `sequence` is not what was written. `gap`: the record `sequence` is missing. */
export type ChainVerdict =
  | { readonly kind: 'intact'; readonly records: number; readonly head: string }
  | { readonly kind: 'altered'; readonly sequence: number; readonly records: number }
  | { readonly kind: 'gap'; readonly sequence: number; readonly records: number };

const WHOLE_CHAIN: ChainHead = { sequence: 0, hash: CHAIN_START };

/**
 * Recomputes every record of a chain in order, and checks that its end is the noted head, so that a cut tail shows.
 * @param records in ascending sequence.
 * @param after where to go on from, for a part of a chain; its own hash must be verified elsewhere.
 */
export function verifyChain(
  organization: OrganizationId,
  records: Iterable<StoredAuditRecord>,
  head: ChainHead | undefined,
  after: ChainHead = WHOLE_CHAIN,
): ChainVerdict {
  const hasher = new ChainHasher(organization, after.hash);
  let count = after.sequence;
  for (const record of records) {
    const expected = count + 1;
    if (record.sequence !== expected) return { kind: 'gap', sequence: expected, records: count };
    if (Buffer.compare(hasher.next(expected, record.bytes), record.hash) !== 0) {
      return { kind: 'altered', sequence: expected, records: count };
    }
    count = expected;
  }
  return endVerdict(count, hasher.hash, head);
}

function endVerdict(count: number, last: Uint8Array, head: ChainHead | undefined): ChainVerdict {
  if (head === undefined) {
    return count === 0
      ? { kind: 'intact', records: 0, head: CHAIN_START.toString('hex') }
      : { kind: 'gap', sequence: count + 1, records: count };
  }
  if (head.sequence > count) return { kind: 'gap', sequence: count + 1, records: count };
  if (head.sequence < count || !Buffer.from(last).equals(head.hash)) {
    return { kind: 'altered', sequence: count, records: count };
  }
  return { kind: 'intact', records: count, head: Buffer.from(last).toString('hex') };
}
