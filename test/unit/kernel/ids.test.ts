import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  eventIdFromBytes,
  GATEWAY_SCOPE,
  newEventId,
  newRequestId,
  parseEventId,
  parseOrganizationId,
  parseRequestId,
  parseSourceId,
  uuidToBytes,
} from '../../../src/kernel/ids.ts';

const NOW = Date.parse('2026-11-22T12:00:00.123Z');

test('an event id is a UUIDv7: its first 48 bits are the milliseconds, then version and variant', () => {
  for (const now of [0, 1, NOW, 2 ** 48 - 1]) {
    const id = newEventId(now);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.replace('-', '').slice(0, 12), 16), now);
    assert.equal(parseEventId(id), id);
  }
});

test('a hundred thousand ids of the same millisecond are all different, in every random bit', () => {
  const ids = Array.from({ length: 100_000 }, () => newEventId(NOW));
  assert.equal(new Set(ids).size, ids.length);
  let [ever, always] = [0n, (1n << 128n) - 1n];
  for (const id of ids) {
    const bits = BigInt(`0x${id.replaceAll('-', '')}`);
    ever |= bits;
    always &= bits;
  }
  const varying = (ever ^ always).toString(2).replaceAll('0', '').length;
  assert.equal(varying, 74);
});

test('ids of later milliseconds sort later', () => {
  const ids = [NOW, NOW + 1, NOW + 2, NOW + 70_000, NOW + 2 ** 33].map(newEventId);
  assert.deepEqual(ids.toSorted(), ids);
});

test('an id is the same from its bytes', () => {
  const id = newEventId(NOW);
  const inside = Buffer.concat([Buffer.alloc(3), uuidToBytes(id), Buffer.alloc(5)]).subarray(3, 19);
  assert.equal(inside.length, 16);
  assert.equal(eventIdFromBytes(inside), id);
});

test('other versions, forms and cases are no event id', () => {
  const id = newEventId(NOW);
  const others = [id.toUpperCase(), `{${id}}`, id.replaceAll('-', ''), `${id}\n`, ` ${id}`, ''];
  for (const other of [...others, id.replace(/-7/, '-4'), '00000000-0000-0000-0000-000000000000']) {
    assert.equal(parseEventId(other), undefined, other);
  }
});

test('names of organizations and sources are slugs; the gateway’s own scope is none', () => {
  for (const name of ['a', '7', 'mercy', 'st-johns-2', 'x'.repeat(64)]) {
    assert.equal(parseOrganizationId(name), name);
    assert.equal(parseSourceId(name), name);
  }
  const others = [
    '',
    '-a',
    'a-',
    'A',
    'a_b',
    'a.b',
    'a/b',
    '../a',
    'é',
    'a\n',
    'x'.repeat(65),
    GATEWAY_SCOPE,
  ];
  for (const name of others) {
    assert.equal(parseOrganizationId(name), undefined, name);
    assert.equal(parseSourceId(name), undefined, name);
  }
});

test('a request id is safe in a header and in a log line', () => {
  for (const id of ['a', 'Req-1_2:3.4/5+6=7@8', 'x'.repeat(128), newRequestId(NOW)]) {
    assert.equal(parseRequestId(id), id);
  }
  for (const id of [undefined, '', 'a b', 'a,b', 'a;b', 'a"b', 'a\r\nb', 'a\n', 'é', 'x'.repeat(129)]) {
    assert.equal(parseRequestId(id), undefined, String(id));
  }
});
