import assert from 'node:assert/strict';
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { blindIndex } from '../../../src/privacy/blind-index.ts';

test('a blind index is the head of an HMAC over field and value', () => {
  const secret = randomBytes(32);
  const expected = createHmac('sha256', secret).update('patient\0Patient/1').digest();
  const key = createSecretKey(secret);
  assert.deepEqual(blindIndex(key, 'patient', 'Patient/1'), expected.subarray(0, 16));
  assert.deepEqual(blindIndex(key, 'patient', 'Patient/1', 4), expected.subarray(0, 4));
});

test('equal values of different fields, or under different keys, do not meet', () => {
  const key = createSecretKey(randomBytes(32));
  const token = blindIndex(key, 'patient', 'Patient/1');
  assert.ok(!token.equals(blindIndex(key, 'lane', 'Patient/1')));
  assert.ok(!token.equals(blindIndex(createSecretKey(randomBytes(32)), 'patient', 'Patient/1')));
  assert.ok(!token.equals(blindIndex(key, 'patient', 'Patient/2')));
});
