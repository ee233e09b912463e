import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toInstant } from '../../../src/kernel/clock.ts';
import { childTraceParent, parseTraceParent } from '../../../src/kernel/trace-context.ts';

const SAMPLE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('W3C Trace Context §3.2: a well-formed traceparent of version 00 is taken as it is', () => {
  for (const text of [SAMPLE, SAMPLE.replace(/01$/, '00'), SAMPLE.replace(/01$/, 'ff')]) {
    assert.equal(parseTraceParent(text), text);
  }
});

test('W3C Trace Context §3.2: everything else is ignored', () => {
  const others = [
    undefined,
    '',
    SAMPLE.toUpperCase(),
    ` ${SAMPLE}`,
    `${SAMPLE}\n`,
    `${SAMPLE}-00`,
    SAMPLE.slice(0, -1),
    SAMPLE.replace(/^00/, 'ff'),
    SAMPLE.replace(/^00/, '01'),
    SAMPLE.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
    SAMPLE.replace('b7ad6b7169203331', '0'.repeat(16)),
    SAMPLE.replace('0af', 'xyz'),
  ];
  for (const text of others) assert.equal(parseTraceParent(text), undefined, String(text));
});

test('a child has trace and flags of its parent and a parent id of its own', () => {
  const parent = parseTraceParent(SAMPLE);
  assert.ok(parent !== undefined);
  const children = new Set(Array.from({ length: 100 }, () => childTraceParent(parent)));
  assert.equal(children.size, 100);
  for (const child of children) {
    assert.equal(parseTraceParent(child), child);
    assert.equal(child.slice(0, 36), SAMPLE.slice(0, 36));
    assert.equal(child.slice(52), SAMPLE.slice(52));
    assert.notEqual(child, SAMPLE);
  }
});

test('an instant is RFC 3339 in UTC with milliseconds', () => {
  assert.equal(toInstant(0), '1970-01-01T00:00:00.000Z');
  assert.equal(toInstant(Date.parse('2026-11-22T13:00:00.004+01:00')), '2026-11-22T12:00:00.004Z');
});
