import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { FINDING_SEVERITIES } from '../../../src/inbound/notification/finding-codes.ts';
import { BODY_FORMS, DEDUPE_BASES, type SenderProfile } from '../../../src/inbound/sender-profile.ts';
import { encounter, historyBundle, read, subscriptionStatus } from './notification/fixtures.ts';

/** Every name the public contract lists. */
const NAMES = [
  'aidbox',
  'athenahealth',
  'backport-r4',
  'backport-r4b',
  'backport-r5',
  'fhir-candle',
  'fhir-works',
  'fhircast',
  'firely',
  'hapi-rest-hook',
  'hapi-topic',
  'health-gorilla',
  'healthlake',
  'medplum',
  'rest-hook-r4',
];

const folder = new URL('../../../config/sender-profiles/', import.meta.url);
const schema = JSON.parse(readFileSync(new URL('schema.json', folder), 'utf8'));
const validate = new Ajv({ strict: true, allErrors: true }).compile<SenderProfile>(schema);

function load(name: string): SenderProfile {
  const document: unknown = parse(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'));
  assert.ok(validate(document), `${name}: ${JSON.stringify(validate.errors)}`);
  return document;
}

describe('shipped sender profiles', () => {
  it('are those of the contract', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
    assert.deepEqual(files.map((file) => file.slice(0, -'.yaml'.length)).sort(), NAMES);
  });

  for (const name of NAMES) {
    it(`${name} fits the schema and its own name, and says nothing incoherent`, () => {
      const profile = load(name);
      assert.equal(profile.name, name);
      assert.ok(!profile.dedupe.slice(0, -1).includes('body'), 'nothing is tried after body');
      assert.equal(profile.dedupe[0], 'signed-id');
      for (const code of profile.knownDeviations ?? [])
        assert.ok(Object.hasOwn(FINDING_SEVERITIES, code), code);
    });
  }
});

describe('the profile schema', () => {
  const valid = () => structuredClone(load('medplum')) as unknown as Record<string, unknown>;
  const changes: [string, Record<string, unknown>][] = [
    ['an unknown key', { timeoutMs: 1 }],
    ['a method it could not route', { methods: ['GET'] }],
    ['an empty list of methods', { methods: [] }],
    ['a media type with parameters', { contentTypes: ['application/json; charset=utf-8'] }],
    ['an unknown form', { bodyForms: ['xml'] }],
    ['a 204 with a body', { acknowledgement: { status: 204, body: 'bundle' } }],
    ['another status', { acknowledgement: { status: 201, body: 'none' } }],
    ['an unknown numbering', { numbering: 'random' }],
    ['an unknown dedupe basis', { dedupe: ['header'] }],
    ['a header name in upper case', { unsignedFocusHeader: 'X-Deleted' }],
    ['a missing FHIR version', { fhirVersion: undefined }],
    ['another FHIR version', { fhirVersion: '3.0' }],
  ];
  for (const [name, change] of changes) {
    it(`refuses ${name}`, () =>
      assert.equal(validate(JSON.parse(JSON.stringify({ ...valid(), ...change }))), false));
  }

  it('knows the same forms and bases as the code', () => {
    assert.deepEqual(schema.properties.bodyForms.items.enum, BODY_FORMS);
    assert.deepEqual(schema.properties.dedupe.items.enum, DEDUPE_BASES);
  });
});

describe('what a sender is known to send is valid under its profile', () => {
  const valid = (name: string, body: unknown, expected: { type: string; basis: string | undefined }) => {
    const notification = read(body, { profile: load(name) });
    assert.deepEqual(
      notification.findings.filter((finding) => finding.severity !== 'information'),
      [],
    );
    assert.equal(notification.type, expected.type);
    assert.equal(notification.identity?.basis, expected.basis);
  };

  it('athenahealth: an entry per event without request, a focus without reference', () => {
    const status = subscriptionStatus('event-notification', [{ number: '1', id: 'ev-1' }], {
      eventsInNotification: 1,
    });
    const body = historyBundle(status);
    (body.entry as unknown[]).push({
      id: 'ev-1',
      response: { status: '200', lastModified: '2026-11-21T10:00:00Z' },
    });
    valid('athenahealth', body, { type: 'fhir.notification.event', basis: 'notification-event-id' });
  });

  it('Aidbox: its own status type, number as number, no subscription', () => {
    const status = {
      resourceType: 'AidboxSubscriptionStatus',
      status: 'active',
      type: 'event-notification',
      notificationEvent: [{ eventNumber: 1, focus: { reference: 'Encounter/e1' } }],
      topic: 'https://ehr.example/topic',
      'topic-destination': { reference: 'AidboxTopicDestination/d1' },
    };
    const body = {
      resourceType: 'Bundle',
      type: 'history',
      timestamp: '2026-11-21T10:00:00Z',
      entry: [
        { resource: status },
        {
          request: { method: 'POST', url: '/fhir/Encounter' },
          fullUrl: 'https://a.example/fhir/Encounter/e1',
          resource: encounter(),
        },
      ],
    };
    valid('aidbox', body, { type: 'fhir.notification.event', basis: 'body' });
  });

  it('HAPI topics: no Bundle id, no request or response of the status, a date for a timestamp', () => {
    const status = {
      resourceType: 'Parameters',
      id: 's1',
      parameter: [
        { name: 'subscription', valueReference: { reference: 'Subscription/1' } },
        { name: 'topic', valueCanonical: 'https://ehr.example/topic' },
        { name: 'status', valueCode: 'active' },
        { name: 'type', valueCode: 'event-notification' },
        { name: 'events-since-subscription-start', valueString: '1' },
        {
          name: 'notification-event',
          part: [
            { name: 'event-number', valueString: '1' },
            { name: 'timestamp', valueDate: '2026-11-21' },
            { name: 'focus', valueReference: { reference: 'Encounter/e1' } },
          ],
        },
      ],
    };
    const changed = {
      fullUrl: 'Encounter/e1',
      resource: encounter(),
      request: { method: 'PUT', url: 'Encounter/e1' },
    };
    const body = { resourceType: 'Bundle', type: 'history', entry: [{ resource: status }, changed] };
    valid('hapi-topic', body, { type: 'fhir.notification.event', basis: 'body' });
    valid('hapi-topic', { ...body, type: 'transaction' }, { type: 'fhir.notification.event', basis: 'body' });
  });

  it('fhir-candle: subscription as valueString, no request, handshake with status active', () => {
    const status = {
      resourceType: 'Parameters',
      id: 's1',
      parameter: [
        { name: 'subscription', valueString: 'https://ehr.example/fhir/Subscription/1' },
        { name: 'status', valueCode: 'active' },
        { name: 'type', valueCode: 'handshake' },
        { name: 'events-since-subscription-start', valueString: '0' },
      ],
    };
    const body = {
      resourceType: 'Bundle',
      id: 'b1',
      type: 'history',
      entry: [{ fullUrl: 'urn:uuid:s1', resource: status }],
    };
    valid('fhir-candle', body, { type: 'fhir.notification.handshake', basis: 'bundle-id' });
  });

  it('Medplum: a change, and a deletion with the constant body', () => {
    valid('medplum', encounter(), { type: 'fhir.resource.changed', basis: 'resource-version' });
    const parts = { profile: load('medplum'), headers: { 'x-medplum-deleted-resource': 'Patient/p1' } };
    const hint = read('{}', parts);
    assert.equal(hint.type, 'fhir.hint');
    assert.equal(hint.identity, undefined);
    assert.deepEqual(hint.foci, ['Patient/p1']);
  });

  it('FHIRcast: JSON with an id', () => {
    const event = {
      timestamp: '2026-11-21T10:00:00Z',
      id: 'q9v3',
      event: { 'hub.event': 'Patient-open', context: [] },
    };
    valid('fhircast', event, { type: 'fhir.notification.event', basis: 'notification-event-id' });
  });

  it('FHIR Works: a PUT whose path says everything', () => {
    const hint = read('', { profile: load('fhir-works'), method: 'PUT', path: ['Patient', 'p1'] });
    assert.deepEqual(
      hint.findings.map((finding) => finding.code),
      ['identity-unsigned'],
    );
    assert.equal(hint.identity, undefined);
  });
});
