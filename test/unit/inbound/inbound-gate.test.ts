import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InboundRequest } from '../../../src/inbound/outcome.ts';
import { VerifiedDelivery } from '../../../src/inbound/verified-delivery.ts';
import { journalUnavailable } from '../../../src/kernel/errors.ts';
import { newEventId } from '../../../src/kernel/ids.ts';
import { MERCY } from '../../support/events.ts';
import { EHR, GateFixture, notification } from './gate-fixture.ts';

const EVENT = notification('event-notification');
const INVALID = Buffer.from('{"resourceType":"Bundle","type":"history","entry":[]}');
const ACKNOWLEDGEMENT = { status: 202, body: 'none' } as const;

function lastRefusal({ refusals }: GateFixture) {
  const { scope, entry } = refusals.at(-1) ?? {};
  const { reason, actor, target, outcome, action } = entry ?? {};
  return { scope, reason, actor, target, outcome, action };
}

test('an authentic notification is read and stored with all that is known of it', async () => {
  const fixture = new GateFixture();
  const headers = [
    'Content-Type',
    'application/fhir+json; charset=utf-8',
    'User-Agent',
    'ehr/1',
    'Cookie',
    'no',
  ];
  const request = fixture.request(EVENT, { id: 'msg_7', headers });
  const outcome = await fixture.gate.receive(request);
  const [stored] = fixture.accepted;
  assert.ok(stored !== undefined);
  const { scope, event } = stored;
  assert.deepEqual(outcome, {
    kind: 'accepted',
    eventId: event.summary.id,
    acknowledgement: ACKNOWLEDGEMENT,
  });
  assert.deepEqual(scope, MERCY);
  assert.deepEqual(event.summary, {
    id: event.summary.id,
    organization: 'mercy',
    source: 'ehr',
    type: 'fhir.notification.event',
    receivedAt: fixture.clock.now(),
    bodyBytes: EVENT.length,
    contentType: 'application/fhir+json; charset=utf-8',
    fhirVersion: '4.0',
    validation: 'valid',
    requestId: request.requestId,
    traceParent: undefined,
  });
  assert.deepEqual(event.content.foci, ['Observation/o-1']);
  assert.equal(event.content.body, EVENT);
  assert.equal(event.content.headers['user-agent'], 'ehr/1');
  assert.ok(!('cookie' in event.content.headers) && !('webhook-signature' in event.content.headers));
  assert.deepEqual(event.identity, { basis: 'signed-id', value: 'msg_7' });
  assert.deepEqual([event.initialState, event.keyId, event.clientAddress], ['pending', 'k1', '192.0.2.7']);
  assert.deepEqual(fixture.matched, [`mercy/ehr k1 ${fixture.clock.now()}`]);
  assert.equal(fixture.wakes, 1);
  assert.equal(fixture.lookups, 1, 'one snapshot of the sources for a request');
  assert.deepEqual(fixture.refusals, [], 'the journal audits what it stores');
});

test('a duplicate gets the first receipt, a conflict none; neither wakes the forwarder', async () => {
  const fixture = new GateFixture();
  const eventId = newEventId(1);
  fixture.result = { kind: 'duplicate', eventId };
  const duplicate = await fixture.gate.receive(fixture.request(EVENT));
  assert.deepEqual(duplicate, { kind: 'duplicate', eventId, acknowledgement: ACKNOWLEDGEMENT });
  fixture.result = { kind: 'conflict', eventId };
  assert.deepEqual(await fixture.gate.receive(fixture.request(EVENT)), { kind: 'conflict' });
  assert.equal(fixture.wakes, 0);
});

/** What a stranger may try, and the reason that only the audit log learns. */
const STRANGERS: readonly (readonly [string, (f: GateFixture) => InboundRequest, string, boolean])[] = [
  ['an unknown source', (f) => f.request(EVENT, { changes: { source: 'other' } }), 'source-unknown', false],
  [
    'an unknown organization',
    (f) => f.request(EVENT, { changes: { organization: 'grace' } }),
    'source-unknown',
    false,
  ],
  [
    'a name that is none',
    (f) => f.request(EVENT, { changes: { organization: "x';--" } }),
    'source-unknown',
    false,
  ],
  ['another body', (f) => f.request(EVENT, { changes: { body: INVALID } }), 'signature-mismatch', true],
  ['no signature', (f) => f.request(EVENT, { changes: { rawHeaders: [] } }), 'signature-missing', true],
  [
    'a wrong method',
    (f) => f.request(EVENT, { changes: { method: 'PATCH', body: INVALID } }),
    'signature-mismatch',
    true,
  ],
  [
    'a wrong content type',
    (f) => f.request(EVENT, { headers: ['content-type', 'text/plain'], changes: { body: INVALID } }),
    'signature-mismatch',
    true,
  ],
];

for (const [what, make, reason, known] of STRANGERS) {
  test(`${what} is answered as every stranger is; only the audit log knows it was ${reason}`, async () => {
    const fixture = new GateFixture();
    const request = make(fixture);
    assert.deepEqual(await fixture.gate.receive(request), { kind: 'unauthenticated' });
    assert.deepEqual(fixture.accepted, []);
    assert.deepEqual(fixture.matched, []);
    assert.equal(fixture.refusals.length, 1);
    assert.deepEqual(lastRefusal(fixture), {
      scope: known ? MERCY : undefined,
      reason,
      actor: 'unauthenticated',
      target: known ? 'source:ehr' : 'source:unknown',
      outcome: 'refused',
      action: 'event.refuse',
    });
  });
}

test('the record of a refusal names the caller and what it called itself, and nothing it sent', async () => {
  const fixture = new GateFixture();
  const claimed = fixture.request(EVENT, { changes: { source: 'other' } });
  await fixture.gate.receive(claimed);
  const { entry } = fixture.refusals[0] ?? {};
  assert.deepEqual(entry?.detail, { bytes: EVENT.length, client: '192.0.2.7', claimed: 'mercy/other' });
  assert.equal(entry?.requestId, claimed.requestId);
  await fixture.gate.receive(
    fixture.request(EVENT, { changes: { source: '<script>', clientAddress: undefined } }),
  );
  assert.deepEqual(fixture.refusals[1]?.entry.detail, { bytes: EVENT.length });
  for (const refusal of fixture.refusals) {
    const text = JSON.stringify(refusal);
    for (const secret of ['script', 'Observation', 'v1,', 'msg_1']) assert.ok(!text.includes(secret), secret);
  }
});

test('a stale or future signature is refused by the injected clock', async () => {
  const fixture = new GateFixture();
  const request = fixture.request(EVENT);
  fixture.clock.advance(301_000);
  assert.equal((await fixture.gate.receive(request)).kind, 'unauthenticated');
  assert.equal(lastRefusal(fixture).reason, 'timestamp-stale');
  fixture.clock.advance(-602_000);
  assert.equal((await fixture.gate.receive(request)).kind, 'unauthenticated');
  assert.equal(lastRefusal(fixture).reason, 'timestamp-future');
});

test('405 and 415 are told only to whoever proved to be the source, and are audited', async () => {
  const fixture = new GateFixture();
  const method = await fixture.gate.receive(fixture.request(EVENT, { method: 'PUT' }));
  assert.deepEqual(method, { kind: 'method-not-allowed', allow: ['POST'] });
  const refusal = {
    scope: MERCY,
    actor: 'source:ehr',
    target: 'source:ehr',
    outcome: 'refused',
    action: 'event.refuse',
  };
  assert.deepEqual(lastRefusal(fixture), { ...refusal, reason: 'method-not-allowed' });
  const headers = ['content-type', 'text/plain'];
  const type = await fixture.gate.receive(fixture.request(EVENT, { headers }));
  assert.deepEqual(type, { kind: 'unsupported-media-type', accepts: EHR.profile.contentTypes });
  assert.deepEqual(lastRefusal(fixture), { ...refusal, reason: 'unsupported-media-type' });
  assert.equal(fixture.matched.length, 2);
  assert.deepEqual(fixture.accepted, []);
});

test('a content type counts without case and parameters; without a body none is needed', async () => {
  const fixture = new GateFixture();
  const kind = async (body: Buffer, headers: readonly string[]) =>
    (await fixture.gate.receive(fixture.request(body, { headers }))).kind;
  assert.equal(await kind(EVENT, ['Content-Type', 'Application/FHIR+JSON;charset=UTF-8']), 'accepted');
  assert.equal(await kind(EVENT, ['Content-Type', 'application/fhir+jsonx']), 'unsupported-media-type');
  assert.equal(await kind(Buffer.alloc(0), ['Content-Type', 'text/plain']), 'accepted');
  assert.equal(await kind(Buffer.alloc(0), []), 'accepted');
});

test('an invalid notification is refused with its findings where the source is so configured', async () => {
  const fixture = new GateFixture({ validation: 'reject' });
  const outcome = await fixture.gate.receive(fixture.request(INVALID));
  assert.ok(outcome.kind === 'invalid');
  assert.ok(outcome.findings.some(({ severity }) => severity === 'error'));
  assert.deepEqual(fixture.accepted, []);
  assert.equal(lastRefusal(fixture).reason, 'invalid');
  assert.equal(lastRefusal(fixture).actor, 'source:ehr');
  assert.equal((await fixture.gate.receive(fixture.request(EVENT))).kind, 'accepted', 'a valid one passes');
});

for (const [validation, state] of [
  ['quarantine', 'quarantined'],
  ['flag', 'pending'],
] as const) {
  test(`an invalid notification is stored as ${state} with its finding codes under ${validation}`, async () => {
    const fixture = new GateFixture({ validation });
    assert.equal((await fixture.gate.receive(fixture.request(INVALID))).kind, 'accepted');
    const event = fixture.accepted[0]?.event;
    assert.equal(event?.initialState, state);
    assert.equal(event?.summary.validation, 'flagged');
    assert.ok((event?.findingCodes.length ?? 0) > 0);
    assert.equal(fixture.wakes, state === 'pending' ? 1 : 0);
    await fixture.gate.receive(fixture.request(EVENT));
    assert.equal(fixture.accepted[1]?.event.initialState, 'pending');
    assert.equal(fixture.accepted[1]?.event.summary.validation, 'valid');
  });
}

for (const kind of ['handshake', 'heartbeat'] as const) {
  test(`a ${kind} is consumed unless this source forwards it`, async () => {
    const states = [];
    for (const forward of [
      {},
      { forwardHandshakes: true },
      { forwardHeartbeats: true },
      { forwardHandshakes: true, forwardHeartbeats: true },
    ]) {
      const fixture = new GateFixture(forward);
      assert.equal((await fixture.gate.receive(fixture.request(notification(kind)))).kind, 'accepted');
      states.push(fixture.accepted[0]?.event.initialState);
      assert.equal(fixture.wakes, states.at(-1) === 'pending' ? 1 : 0);
    }
    const forwarded =
      kind === 'handshake' ? ['consumed', 'pending', 'consumed'] : ['consumed', 'consumed', 'pending'];
    assert.deepEqual(states, [...forwarded, 'pending']);
  });
}

test('what could not be stored is an error to be tried again, not an answer', async () => {
  const fixture = new GateFixture();
  fixture.journalError = journalUnavailable('journal-failed', 2);
  const expected = { code: 'journal-failed', disposition: 'retry', retryAfterSeconds: 2 };
  await assert.rejects(fixture.gate.receive(fixture.request(EVENT)), expected);
  assert.equal(fixture.wakes, 0);
});

test('a refusal that could not be audited is not answered as a refusal', async () => {
  const fixture = new GateFixture({ validation: 'reject' });
  fixture.auditError = journalUnavailable('journal-failed', 2);
  const requests = [
    fixture.request(EVENT, { changes: { source: 'other' } }),
    fixture.request(EVENT, { changes: { body: INVALID } }),
    fixture.request(EVENT, { method: 'PUT' }),
    fixture.request(INVALID),
  ];
  for (const request of requests) {
    await assert.rejects(fixture.gate.receive(request), { code: 'journal-failed', disposition: 'retry' });
  }
});

test('every accepted request is an event with an id of its own', async () => {
  const fixture = new GateFixture();
  for (let count = 0; count < 50; count += 1) await fixture.gate.receive(fixture.request(EVENT));
  assert.equal(new Set(fixture.accepted.map(({ event }) => event.summary.id)).size, 50);
});

test('only a proof makes a verified delivery', () => {
  const fixture = new GateFixture();
  const sources = { find: () => EHR };
  const request = fixture.request(EVENT, { id: 'msg_9' });
  const verified = VerifiedDelivery.verify(request, sources, fixture.clock.now());
  assert.ok(verified instanceof VerifiedDelivery);
  const { keyId, signedId, receivedAt } = verified;
  assert.deepEqual(
    { keyId, signedId, receivedAt },
    { keyId: 'k1', signedId: 'msg_9', receivedAt: fixture.clock.now() },
  );
  const without = { find: () => ({ ...EHR, signature: { ...EHR.signature, keys: [] } }) };
  const refused = VerifiedDelivery.verify(request, without, fixture.clock.now());
  assert.ok(!(refused instanceof VerifiedDelivery));
  assert.equal(refused.refusal, 'signature-mismatch');
});
