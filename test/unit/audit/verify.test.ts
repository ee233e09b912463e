import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditRecordBytes, ChainHasher } from '../../../src/audit/chain.ts';
import type { AuditEntry } from '../../../src/audit/record.ts';
import { type StoredAuditRecord, verifyChain } from '../../../src/audit/verify.ts';
import { chainHash } from '../../support/audit-chain.ts';
import { MERCY } from '../../support/events.ts';

const { organization } = MERCY;
const LENGTH = 7;

/** A chain made without the product's hasher. */
function chain(length = LENGTH) {
  const records: StoredAuditRecord[] = [];
  let previous: Buffer = Buffer.alloc(32);
  for (let sequence = 1; sequence <= length; sequence += 1) {
    const entry = {
      action: 'event.accept',
      actor: 'source:ehr',
      target: `event:${sequence}`,
      outcome: 'success',
    };
    const bytes = auditRecordBytes(organization, sequence, sequence, entry as AuditEntry);
    previous = chainHash(organization, sequence, previous, bytes);
    records.push({ sequence, bytes, hash: previous });
  }
  return { records, head: { sequence: length, hash: previous } };
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test('a sound chain is intact, and its head is what the formula says', () => {
  const { records, head } = chain();
  const expected = { kind: 'intact', records: LENGTH, head: head.hash.toString('hex') };
  assert.deepEqual(verifyChain(organization, records, head), expected);
});

test('an empty chain is intact', () => {
  const expected = { kind: 'intact', records: 0, head: '0'.repeat(64) };
  assert.deepEqual(verifyChain(organization, [], undefined), expected);
});

test('any altered byte of any record or hash is found at its sequence', () => {
  const { records, head } = chain();
  for (const [index, record] of records.entries()) {
    const changed = [
      ...[...record.bytes.keys()].map((at) => ({ ...record, bytes: flipped(record.bytes, at) })),
      ...[...record.hash.keys()].map((at) => ({ ...record, hash: flipped(record.hash, at) })),
    ];
    for (const one of changed) {
      const altered = records.with(index, one);
      const expected = { kind: 'altered', sequence: index + 1, records: index };
      assert.deepEqual(verifyChain(organization, altered, head), expected);
    }
  }
});

test('a record replaced together with its own hash is found at the one after it', () => {
  const { records, head } = chain();
  const bytes = Buffer.from('{"forged":true}');
  const hash = chainHash(organization, 3, records[1]?.hash ?? Buffer.alloc(0), bytes);
  const forged = records.with(2, { sequence: 3, bytes, hash });
  assert.deepEqual(verifyChain(organization, forged, head), { kind: 'altered', sequence: 4, records: 3 });
  const last = chainHash(organization, LENGTH, records[LENGTH - 2]?.hash ?? Buffer.alloc(0), bytes);
  const forgedLast = records.with(LENGTH - 1, { sequence: LENGTH, bytes, hash: last });
  const expected = { kind: 'altered', sequence: LENGTH, records: LENGTH };
  assert.deepEqual(verifyChain(organization, forgedLast, head), expected, 'only the head tells');
});

test('a record that is missing is a gap at its sequence, wherever it was', () => {
  const { records, head } = chain();
  for (let index = 0; index < LENGTH; index += 1) {
    const expected = { kind: 'gap', sequence: index + 1, records: index };
    assert.deepEqual(verifyChain(organization, records.toSpliced(index, 1), head), expected);
  }
  assert.deepEqual(verifyChain(organization, [], head), { kind: 'gap', sequence: 1, records: 0 });
});

test('records that were moved up after a deletion are altered', () => {
  const { records, head } = chain();
  const closed = records.toSpliced(2, 1).map((record, index) => ({ ...record, sequence: index + 1 }));
  assert.deepEqual(verifyChain(organization, closed, head), { kind: 'altered', sequence: 3, records: 2 });
});

test('the head must be there and be the end', () => {
  const { records, head } = chain();
  const verdict = (changed: typeof head | undefined) => verifyChain(organization, records, changed);
  assert.deepEqual(verdict(undefined), { kind: 'gap', sequence: LENGTH + 1, records: LENGTH });
  const altered = { kind: 'altered', sequence: LENGTH, records: LENGTH };
  assert.deepEqual(verdict({ ...head, hash: flipped(head.hash, 0) }), altered);
  assert.deepEqual(verdict({ ...head, sequence: LENGTH - 1 }), altered);
  const gap = { kind: 'gap', sequence: LENGTH + 1, records: LENGTH };
  assert.deepEqual(verdict({ ...head, sequence: LENGTH + 1 }), gap);
});

test('a chain of another organization is altered from its first record', () => {
  const { records, head } = chain();
  const verdict = verifyChain('mercz' as typeof organization, records, head);
  assert.deepEqual(verdict, { kind: 'altered', sequence: 1, records: 0 });
});

test('a part of a chain is verified from the hash before it, and says sequences of the whole', () => {
  const { records, head } = chain();
  const middle = records[2];
  assert.ok(middle !== undefined);
  const verdict = (rest: StoredAuditRecord[], after = middle) => verifyChain(organization, rest, head, after);
  const rest = records.slice(3);
  assert.deepEqual(verdict(rest), { kind: 'intact', records: LENGTH, head: head.hash.toString('hex') });
  assert.deepEqual(verdict(rest.toSpliced(1, 1)), { kind: 'gap', sequence: 5, records: 4 });
  assert.deepEqual(verdict(records), { kind: 'gap', sequence: 4, records: 3 });
  const other = { ...middle, hash: flipped(middle.hash, 0) };
  assert.deepEqual(verdict(rest, other), { kind: 'altered', sequence: 4, records: 3 });
});

test('the hasher follows the formula for every size of record and beyond 32 bits of sequence', () => {
  let previous: Uint8Array = Buffer.alloc(32, 7);
  const hasher = new ChainHasher(organization, previous);
  for (const size of [0, 1, 2_047, 2_048, 2_049, 70_000, 5]) {
    for (const sequence of [1, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3]) {
      const record = Buffer.alloc(size, size);
      const expected = chainHash(organization, sequence, previous, record);
      assert.ok(Buffer.from(hasher.next(sequence, record)).equals(expected), `${size} at ${sequence}`);
      assert.ok(Buffer.from(hasher.hash).equals(expected));
      previous = expected;
    }
  }
});
