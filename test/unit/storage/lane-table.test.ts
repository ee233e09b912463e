import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LaneTable } from '../../../src/storage/journal/sqlite/lane-table.ts';

const LARGEST = 2 ** 31 - 1;
/** Few homes, so that probes run into one another and across the end of the table. */
const crowded = fc.oneof(
  fc.constantFrom(0, 1, 2, 1_023, 1_024, 2_047, LARGEST),
  fc.integer({ min: 0, max: 8 }).map((n) => n * 1_024 + 1_020),
);
const lane = fc.oneof(crowded, fc.integer({ min: 0, max: LARGEST }));
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), lane, count: fc.nat(5) }),
  fc.record({ kind: fc.constant('delete' as const), lane, count: fc.constant(0) }),
);

test('holds what a Map holds after any sequence of calls', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new LaneTable();
      const model = new Map<number, number>();
      for (const { kind, lane: number, count } of steps) {
        if (kind === 'set') {
          table.set(number, count);
          model.set(number, count);
        } else {
          table.delete(number);
          model.delete(number);
        }
        assert.equal(table.size, model.size);
      }
      for (const { lane: number } of steps) assert.equal(table.get(number), model.get(number));
    }),
    { seed: 11, numRuns: 500 },
  );
});

test('grows and shrinks without losing a lane', () => {
  const table = new LaneTable();
  const spread = (index: number) => (index * 48_271) % LARGEST;
  for (let index = 1; index <= 50_000; index += 1) table.set(spread(index), index);
  for (let index = 1; index <= 50_000; index += 1) assert.equal(table.get(spread(index)), index);
  for (let index = 1; index <= 50_000; index += 1) if (index % 100 !== 0) table.delete(spread(index));
  assert.equal(table.size, 500);
  for (let index = 1; index <= 50_000; index += 1) {
    assert.equal(table.get(spread(index)), index % 100 === 0 ? index : undefined);
  }
  table.clear();
  assert.equal(table.size, 0);
  assert.equal(table.get(spread(100)), undefined);
});
