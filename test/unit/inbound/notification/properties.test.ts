import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exceedsDepth } from '../../../../src/inbound/notification/json-depth.ts';
import type { Notification } from '../../../../src/inbound/notification/types.ts';
import { BODY_FORMS } from '../../../../src/inbound/sender-profile.ts';
import { EVENT_TYPES } from '../../../../src/kernel/event.ts';
import {
  encounter,
  historyBundle,
  messageBundle,
  notificationBundle,
  type RequestParts,
  read,
  statusParameters,
  subscriptionStatus,
} from './fixtures.ts';

const RUNS = { seed: 20261122, numRuns: 400 };
const HEADER_SAFE = /^[\x21-\x7e]{1,2048}$/;

const parts: fc.Arbitrary<RequestParts> = fc.record(
  {
    method: fc.constantFrom('POST', 'PUT', 'DELETE'),
    path: fc.tuple(fc.string(), fc.string()),
    contentType: fc.oneof(fc.constant(undefined), fc.string()),
    headers: fc.dictionary(fc.string(), fc.string()),
  },
  { requiredKeys: [] },
);

const EVENT = [{ number: '7', focus: 'Encounter/e1', id: 'x', context: 'Patient/p2' }];
const VALID = [
  historyBundle(statusParameters('event-notification', EVENT), [encounter()]),
  historyBundle(subscriptionStatus('event-notification', EVENT), [encounter()]),
  notificationBundle(subscriptionStatus('event-notification', EVENT), [encounter()]),
  messageBundle(notificationBundle(subscriptionStatus('heartbeat'))),
  encounter(),
].map((body) => JSON.stringify(body));

function assertSound(notification: Notification): void {
  assert.ok(notification.form === 'unreadable' || BODY_FORMS.includes(notification.form));
  assert.ok(EVENT_TYPES.includes(notification.type));
  for (const reference of [...notification.foci, ...notification.patients])
    assert.match(reference, HEADER_SAFE);
  for (const patient of notification.patients) assert.match(patient, /^Patient\/[A-Za-z0-9.-]{1,64}$/);
  for (const number of notification.eventNumbers) assert.match(number, /^[0-9]{1,19}$/);
  assert.equal(new Set(notification.foci).size, notification.foci.length);
  assert.ok(notification.findings.length <= 21);
}

describe('whatever arrives', () => {
  it('any bytes are read without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), parts, (bytes, request) =>
        assertSound(read(Buffer.from(bytes), request)),
      ),
      RUNS,
    );
  });

  it('any JSON is read without a throw', () => {
    fc.assert(
      fc.property(fc.json(), parts, (json, request) => assertSound(read(json, request))),
      RUNS,
    );
  });

  it('a notification with any member replaced, removed or nested elsewhere is read without a throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...VALID),
        fc.nat(),
        fc.jsonValue(),
        fc.boolean(),
        (body, at, value, remove) => {
          assertSound(read(JSON.stringify(mutate(JSON.parse(body), at, remove ? undefined : value))));
        },
      ),
      { ...RUNS, numRuns: 2_000 },
    );
  });

  it('a notification with any byte changed is read without a throw', () => {
    fc.assert(
      fc.property(fc.constantFrom(...VALID), fc.nat(), fc.nat({ max: 255 }), (body, at, byte) => {
        const bytes = Buffer.from(body);
        bytes[at % bytes.length] = byte;
        assertSound(read(bytes));
      }),
      { ...RUNS, numRuns: 2_000 },
    );
  });
});

describe('the depth of a JSON text', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  it('is what walking the parsed value finds, with strings that look like structure', () => {
    const tricky = fc.string({ unit: fc.constantFrom('"', '\\', '{', '[', ']', '}', 'a', 'é') });
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        tricky,
        fc.array(tie('value')),
        fc.dictionary(tricky, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 6 }), (json, limit) => {
        assert.equal(exceedsDepth(Buffer.from(JSON.stringify(json)), limit), depthOf(json) > limit);
      }),
      { ...RUNS, numRuns: 200 },
    );
  });
});

/** Replaces (or removes) the member that a walk of the value reaches as its `at`-th. */
function mutate(root: unknown, at: number, value: unknown): unknown {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(root);
  const place = places[at % places.length];
  if (place !== undefined) place[0][place[1]] = value;
  return root;
}
