import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  backoffDelay,
  parseRetryAfter,
  RETRY_AFTER_LIMIT_MS,
  retryDelay,
} from '../../../src/resilience/retry-schedule.ts';

const DELAYS = { firstDelayMs: 500, maxDelayMs: 300_000 };
const NOW = Date.parse('2026-11-22T12:00:00Z');

test('the bound of the delay doubles up to its maximum', () => {
  const almostOne = () => 1 - Number.EPSILON;
  const bounds = [1, 2, 3, 10, 11, 20, 1_000_000].map(
    (attempt) => backoffDelay(DELAYS, attempt, almostOne) + 1,
  );
  assert.deepEqual(bounds, [500, 1_000, 2_000, 256_000, 300_000, 300_000, 300_000]);
  assert.equal(
    backoffDelay(DELAYS, 5, () => 0),
    0,
  );
});

test('the delay is spread evenly over the whole range', () => {
  assert.equal(
    backoffDelay(DELAYS, 1, () => 0.25),
    125,
  );
  assert.equal(
    backoffDelay(DELAYS, 1, () => 0.75),
    375,
  );
});

test('a wait that the peer asks for is a floor, at most an hour', () => {
  const half = () => 0.5;
  assert.equal(retryDelay(DELAYS, 1, undefined, half), 250);
  assert.equal(retryDelay(DELAYS, 1, 10_000, half), 10_000);
  assert.equal(retryDelay(DELAYS, 1, 100, half), 250);
  assert.equal(retryDelay(DELAYS, 1, 86_400_000, half), RETRY_AFTER_LIMIT_MS);
});

test('never shorter than the back-off, whatever the peer says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.option(fc.integer({ min: 0 }), { nil: undefined }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, retryAfterMs, share) => {
        const delay = retryDelay(DELAYS, attempt, retryAfterMs, () => share);
        assert.ok(delay >= backoffDelay(DELAYS, attempt, () => share));
        assert.ok(delay <= Math.max(DELAYS.maxDelayMs, RETRY_AFTER_LIMIT_MS));
      },
    ),
  );
});

test('Retry-After in seconds', () => {
  assert.equal(parseRetryAfter('120', NOW), 120_000);
  assert.equal(parseRetryAfter(' 0 ', NOW), 0);
  assert.ok(Number.isFinite(parseRetryAfter('9'.repeat(400), NOW)));
});

test('Retry-After as each form of HTTP-date', () => {
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 12:01:00 GMT', NOW), 60_000);
  assert.equal(parseRetryAfter('Sunday, 22-Nov-26 12:01:00 GMT', NOW), 60_000);
  assert.equal(parseRetryAfter('Sun Nov 22 12:01:00 2026', NOW), 60_000);
  assert.equal(parseRetryAfter('Tue Dec  1 12:00:00 2026', NOW), 9 * 86_400_000);
  assert.equal(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', NOW), 0);
  assert.equal(parseRetryAfter('Sunday, 06-Nov-94 08:49:37 GMT', NOW), 0, '94 is past, not 68 years ahead');
});

test('a malformed Retry-After is none', () => {
  const malformed = [
    undefined,
    '',
    ' ',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    '2026-11-22T12:01:00Z',
    'Sun, 22 Nov 2026 12:01:00 PST',
    'Sun, 22 Foo 2026 12:01:00 GMT',
    'Sun, 00 Nov 2026 12:01:00 GMT',
    'Sun, 22 Nov 2026 25:01:00 GMT',
    '120, 240',
  ];
  for (const value of malformed) assert.equal(parseRetryAfter(value, NOW), undefined, String(value));
});
