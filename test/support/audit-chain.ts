import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export interface StoredRecord {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

export interface StoredChain {
  readonly records: readonly StoredRecord[];
  readonly head: { readonly sequence: number; readonly hash: Uint8Array } | undefined;
}

/** What a record says; its members are tested where it matters. */
export interface RecordText {
  readonly action: string;
  readonly actor: string;
  readonly at: string;
  readonly org: string;
  readonly outcome: string;
  readonly seq: number;
  readonly target: string;
  readonly v: number;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  readonly request?: string;
}

export function recordTexts(chain: StoredChain): RecordText[] {
  return chain.records.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as RecordText);
}

/** SHA-256(0x02 ‖ organization ‖ 0x00 ‖ sequence as u64 ‖ previous ‖ SHA-256(0x00 ‖ record)), as the docs define it. */
export function chainHash(
  organization: string,
  sequence: number,
  previous: Uint8Array,
  record: Uint8Array,
): Buffer {
  const leaf = createHash('sha256')
    .update(Buffer.from([0]))
    .update(record)
    .digest();
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(BigInt(sequence));
  return createHash('sha256')
    .update(Buffer.from([2]))
    .update(organization, 'utf8')
    .update(Buffer.from([0]))
    .update(position)
    .update(previous)
    .update(leaf)
    .digest();
}

/** Recomputes a whole chain without the product's code. */
export function assertChainSound(organization: string, chain: StoredChain): void {
  let previous: Uint8Array = Buffer.alloc(32);
  for (const [index, record] of chain.records.entries()) {
    assert.equal(record.sequence, index + 1, `${organization}: sequence without holes`);
    const computed = chainHash(organization, record.sequence, previous, record.bytes);
    assert.equal(Buffer.from(record.hash).toString('hex'), computed.toString('hex'), `record ${index + 1}`);
    previous = computed;
  }
  assert.equal(chain.head?.sequence ?? 0, chain.records.length, `${organization}: head sequence`);
  if (chain.head !== undefined) assert.ok(Buffer.from(chain.head.hash).equals(previous), 'head hash');
}
