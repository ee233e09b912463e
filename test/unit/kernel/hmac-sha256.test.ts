import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { HmacSha256 } from '../../../src/kernel/hmac-sha256.ts';

test('RFC 4231 §4.2, §4.3: test cases 1 and 2', () => {
  const one = new HmacSha256(Buffer.alloc(20, 0x0b)).digest('Hi There');
  assert.equal(one.toString('hex'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7');
  const two = new HmacSha256(Buffer.from('Jefe')).digest('what do ya want ', Buffer.from('for nothing?'));
  assert.equal(two.toString('hex'), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
});

test('it is Node’s HMAC for keys and messages of every size, one after the other with the same object', () => {
  for (const keySize of [1, 32, 63, 64]) {
    const key = randomBytes(keySize);
    const hmac = new HmacSha256(key);
    for (const size of [8_192, 0, 1, 63, 64, 65, 8_191, 8_193, 8_256, 100_000, 7]) {
      const message = randomBytes(size);
      const expected = createHmac('sha256', key).update('é\ud83d\ude00').update(message).digest();
      assert.ok(hmac.digest('é\ud83d\ude00', message).equals(expected), `key ${keySize}, message ${size}`);
    }
  }
});

test('a digest is not changed by the next one', () => {
  const hmac = new HmacSha256(randomBytes(32));
  const first = hmac.digest('a');
  const copy = Buffer.from(first);
  hmac.digest('b');
  assert.ok(first.equals(copy));
});

test('text of every width fits or is streamed, with the same result', () => {
  const key = randomBytes(32);
  const hmac = new HmacSha256(key);
  for (const text of ['x'.repeat(8_000), '€'.repeat(2_731), '€'.repeat(5_000), '\ud800', '\0']) {
    assert.ok(hmac.digest(text).equals(createHmac('sha256', key).update(text).digest()));
  }
});

test('a key longer than a block is refused', () => {
  assert.throws(() => new HmacSha256(randomBytes(65)), RangeError);
});
