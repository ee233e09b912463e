import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, SECOND, steadyClock } from '../../../src/kernel/clock.ts';

test('a steady clock follows the wall forwards and runs on by itself while the wall is behind', () => {
  let wall = 1_000_000;
  let monotonic = 50;
  const clock = steadyClock({ now: () => wall }, () => monotonic);
  assert.equal(clock.now(), 1_000_000);
  wall += 3 * SECOND;
  monotonic += 3 * SECOND;
  assert.equal(clock.now(), 1_003_000);
  wall -= HOUR;
  monotonic += 250.5;
  assert.equal(clock.now(), 1_003_250, 'set back by an hour: only what passed counts');
  monotonic += 250.5;
  assert.equal(clock.now(), 1_003_501, 'no part of a millisecond is lost');
  wall += 2 * HOUR;
  assert.equal(clock.now(), wall, 'set ahead: followed');
});
