import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_FILTER_IDS,
  parseEventFilter,
  selectsEverything,
} from '../../../src/forwarding/replay-filter.ts';
import { newEventId, type OrganizationId, parseOrganizationId } from '../../../src/kernel/ids.ts';

const mercy = parseOrganizationId('mercy') as OrganizationId;

test('every criterion is read', () => {
  const id = newEventId(1_800_000_000_000);
  const result = parseEventFilter(mercy, {
    ids: [id, id],
    state: 'dead',
    source: 'ehr',
    type: 'fhir.hint',
    receivedFrom: '2026-11-22T00:00:00Z',
    receivedTo: '2026-11-22T02:00:00.5+01:00',
    patient: 'Patient/123',
  });
  assert.deepEqual(result, {
    ok: true,
    filter: {
      organization: mercy,
      ids: [id],
      state: 'dead',
      source: 'ehr',
      type: 'fhir.hint',
      receivedFrom: Date.UTC(2026, 10, 22),
      receivedTo: Date.UTC(2026, 10, 22, 1, 0, 0, 500),
      patient: 'Patient/123',
    },
  });
});

test('an organization cannot be smuggled in, and no unknown criterion is ignored', () => {
  const result = parseEventFilter(mercy, { organization: 'other', sate: 'dead' });
  assert.deepEqual(result, {
    ok: false,
    problems: [
      { member: 'organization', code: 'unknown-member' },
      { member: 'sate', code: 'unknown-member' },
    ],
  });
});

test('all malformed values are reported', () => {
  const input = {
    ids: ['x'],
    state: 'lost',
    source: 'Not A Slug',
    type: 'fhir',
    receivedFrom: '2026-11-22',
    receivedTo: '2026-13-22T00:00:00Z',
    patient: 'Patient/../x',
  };
  const result = parseEventFilter(mercy, input);
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems,
    Object.keys(input).map((member) => ({ member, code: 'malformed' })),
  );
});

test('values of the wrong type are malformed', () => {
  for (const value of [null, 1, true, {}, [], '']) {
    for (const member of ['ids', 'state', 'source', 'type', 'receivedFrom', 'receivedTo', 'patient']) {
      assert.equal(
        parseEventFilter(mercy, { [member]: value }).ok,
        false,
        `${member} ${JSON.stringify(value)}`,
      );
    }
  }
});

test('too many ids and an empty time range are refused', () => {
  const ids = Array.from({ length: MAX_FILTER_IDS + 1 }, (_, index) => newEventId(index));
  assert.deepEqual(parseEventFilter(mercy, { ids }), {
    ok: false,
    problems: [{ member: 'ids', code: 'too-many' }],
  });
  const range = { receivedFrom: '2026-11-22T00:00:00Z', receivedTo: '2026-11-22T00:00:00Z' };
  assert.deepEqual(parseEventFilter(mercy, range), {
    ok: false,
    problems: [{ member: 'receivedTo', code: 'empty-range' }],
  });
});

test('a filter without criteria is recognised', () => {
  const all = parseEventFilter(mercy, { state: undefined });
  assert.ok(all.ok && selectsEverything(all.filter));
  const dead = parseEventFilter(mercy, { state: 'dead' });
  assert.ok(dead.ok && !selectsEverything(dead.filter));
});
