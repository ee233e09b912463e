import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combinedHeader, REPEATED, singleHeader } from '../../../../src/inbound/signature/raw-headers.ts';

const RAW = ['Host', 'a', 'X-One', '1', 'x-two', '2', 'X-TWO', '3', 'X-Empty', ''];

test('a header is found whatever the case of its name', () => {
  assert.equal(singleHeader(RAW, 'x-one'), '1');
  assert.equal(singleHeader(['X-OnE', '1'], 'x-one'), '1');
});

test('an absent header, an empty one and a repeated one are told apart', () => {
  assert.equal(singleHeader(RAW, 'x-six'), undefined);
  assert.equal(singleHeader(RAW, 'x-empty'), '');
  assert.equal(singleHeader(RAW, 'x-two'), REPEATED);
  assert.equal(singleHeader(['X-Empty', '', 'x-empty', ''], 'x-empty'), REPEATED);
});

test('a value is never taken for a name', () => {
  assert.equal(singleHeader(['a', 'x-one', 'b', 'c'], 'x-one'), undefined);
});

test('lines are combined in order, trimmed and unfolded', () => {
  assert.equal(
    combinedHeader(['X-A', ' one ', 'x-b', 'no', 'x-a', 'two\r\n  three\t'], 'x-a'),
    'one, two three',
  );
  assert.equal(combinedHeader(RAW, 'x-six'), undefined);
  assert.equal(combinedHeader(RAW, 'x-empty'), '');
});
