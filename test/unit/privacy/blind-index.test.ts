import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { HmacSha256 } from '../../../src/kernel/hmac-sha256.ts';
import { blindIndex } from '../../../src/privacy/blind-index.ts';

test('a blind index is the head of an HMAC over field and value', () => {
  const secret = randomBytes(32);
  const key = new HmacSha256(secret);
  const expected = createHmac('sha256', secret).update('patient\0Patient/1').digest();
  assert.deepEqual(blindIndex(key, 'patient', 'Patient/1'), expected.subarray(0, 16));
  assert.deepEqual(blindIndex(key, 'patient', 'Patient/1', 4), expected.subarray(0, 4));
});

test('equal values of different fields, or under different keys, do not meet', () => {
  const key = new HmacSha256(randomBytes(32));
  const token = blindIndex(key, 'patient', 'Patient/1');
  assert.ok(!token.equals(blindIndex(key, 'lane', 'Patient/1')));
  assert.ok(!token.equals(blindIndex(new HmacSha256(randomBytes(32)), 'patient', 'Patient/1')));
  assert.ok(!token.equals(blindIndex(key, 'patient', 'Patient/2')));
});
