import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { GatewayError } from '../../../src/kernel/errors.ts';
import {
  createDataKey,
  type DataKey,
  deriveKey,
  open,
  SEAL_OVERHEAD,
  type SealContext,
  seal,
  sealedKeyId,
} from '../../../src/privacy/envelope.ts';

const CONTEXT: SealContext = {
  organization: 'mercy',
  recordId: Buffer.from('0123456789abcdef'),
  field: 'event-content',
  schemaVersion: 1,
};
const TEXT = Buffer.from('{"family":"Nobodyson"}');

const newKey = (): DataKey => createDataKey(randomBytes(16), randomBytes(32));

function refusal(key: DataKey, context: SealContext, sealed: Uint8Array): string {
  try {
    open(key, context, sealed);
  } catch (error) {
    if (error instanceof GatewayError && error.disposition === 'park') return error.code;
    throw error;
  }
  return 'opened';
}

test('what was sealed opens to the same bytes, whatever their number', () => {
  const key = newKey();
  for (const size of [0, 1, 15, 16, 17, 4_096, 100_003]) {
    const plain = randomBytes(size);
    const sealed = seal(key, CONTEXT, [plain.subarray(0, size / 2), plain.subarray(size / 2)]);
    assert.equal(sealed.length, size + SEAL_OVERHEAD);
    assert.ok(open(key, CONTEXT, sealed).equals(plain), `${size} bytes`);
  }
});

test('a sealed value has the documented head: magic, algorithm, key id, commitment', () => {
  const key = newKey();
  const sealed = seal(key, CONTEXT, [TEXT]);
  assert.equal(sealed.toString('latin1', 0, 4), 'GWE1');
  assert.equal(sealed[4], 1);
  assert.ok(sealed.subarray(5, 21).equals(key.id));
  assert.ok(sealed.subarray(21, 53).equals(key.commitment));
  assert.ok(sealedKeyId(sealed).equals(key.id));
  assert.ok(!sealed.includes('Nobodyson'));
});

test('two seals of the same bytes have nothing in common but their head', () => {
  const key = newKey();
  const [one, two] = [seal(key, CONTEXT, [TEXT]), seal(key, CONTEXT, [TEXT])];
  assert.ok(one.subarray(0, 53).equals(two.subarray(0, 53)));
  assert.ok(!one.subarray(53, 65).equals(two.subarray(53, 65)), 'the IV is new');
  assert.ok(!one.subarray(65).equals(two.subarray(65)));
});

test('every bit counts: one flipped anywhere and the value does not open', () => {
  const key = newKey();
  const sealed = seal(key, CONTEXT, [TEXT]);
  const part = (at: number): string => {
    if (at < 4) return 'seal-malformed';
    if (at < 5) return 'seal-algorithm-unknown';
    return at < 53 ? 'seal-key-mismatch' : 'seal-altered';
  };
  for (let at = 0; at < sealed.length; at += 1) {
    for (const mask of [0x01, 0x80]) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ mask;
      assert.equal(refusal(key, CONTEXT, altered), part(at), `byte ${at}`);
    }
  }
});

test('a value that was cut or lengthened does not open', () => {
  const key = newKey();
  const sealed = seal(key, CONTEXT, [TEXT]);
  for (let length = 0; length < sealed.length; length += 1) {
    const expected = length < SEAL_OVERHEAD ? 'seal-malformed' : 'seal-altered';
    assert.equal(refusal(key, CONTEXT, sealed.subarray(0, length)), expected, `${length} bytes`);
  }
  assert.equal(refusal(key, CONTEXT, Buffer.concat([sealed, Buffer.from([0])])), 'seal-altered');
});

test('an empty value with a cut tag is no sealed value', () => {
  const key = newKey();
  const sealed = seal(key, CONTEXT, []);
  for (const bytes of [4, 8, 12, 13, 15]) {
    assert.equal(refusal(key, CONTEXT, sealed.subarray(0, sealed.length - 16 + bytes)), 'seal-malformed');
  }
});

test('a value moved to another organization, record, field or version does not open', () => {
  const key = newKey();
  const sealed = seal(key, CONTEXT, [TEXT]);
  const elsewhere: Partial<SealContext>[] = [
    { organization: 'mercz' },
    { recordId: Buffer.from('0123456789abcdeg') },
    { field: 'event-contenu' },
    { schemaVersion: 2 },
  ];
  for (const change of elsewhere) {
    assert.equal(refusal(key, { ...CONTEXT, ...change }, sealed), 'seal-altered', Object.keys(change)[0]);
  }
  assert.ok(open(key, { ...CONTEXT }, sealed).equals(TEXT));
});

test('contexts whose parts only join to the same text are still different', () => {
  const key = newKey();
  const recordId = Buffer.from('r');
  const sealed = seal(key, { organization: 'a', recordId, field: 'b|1:c', schemaVersion: 1 }, [TEXT]);
  assert.equal(
    refusal(key, { organization: 'a|1:b', recordId, field: 'c', schemaVersion: 1 }, sealed),
    'seal-altered',
  );
});

test('another key does not open it, even one that claims the same id or the same commitment', () => {
  const key = newKey();
  const sealed = seal(key, CONTEXT, [TEXT]);
  assert.equal(refusal(newKey(), CONTEXT, sealed), 'seal-key-mismatch');
  const sameId = createDataKey(key.id, randomBytes(32));
  assert.equal(refusal(sameId, CONTEXT, sealed), 'seal-key-mismatch', 'the commitment tells');
  assert.equal(
    refusal({ ...sameId, commitment: key.commitment }, CONTEXT, sealed),
    'seal-altered',
    'GCM tells',
  );
});

test('what is derived from a key differs by purpose and says nothing of the key', () => {
  const secret = randomBytes(32);
  const key = createDataKey(randomBytes(16), secret);
  const [index, other] = [deriveKey(key, 'index'), deriveKey(key, 'other')];
  assert.equal(index.length, 32);
  assert.ok(!index.equals(other));
  assert.ok(!index.equals(secret));
  assert.ok(deriveKey(createDataKey(randomBytes(16), secret), 'index').equals(index), 'the id plays no part');
});

test('a key of the wrong size is refused', () => {
  assert.throws(() => createDataKey(randomBytes(15), randomBytes(32)), RangeError);
  assert.throws(() => createDataKey(randomBytes(16), randomBytes(31)), RangeError);
});
