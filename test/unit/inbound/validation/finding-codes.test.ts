import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FINDING_SEVERITIES, type FindingCode } from '../../../../src/inbound/notification/finding-codes.ts';
import type { JsonObject } from '../../../../src/inbound/notification/json.ts';
import {
  encounter,
  historyBundle,
  notificationBundle,
  profile,
  type RequestParts,
  read,
  SUBSCRIPTION,
  statusParameters,
  subscriptionStatus,
} from '../notification/fixtures.ts';

const event = [{ number: '7', focus: 'Encounter/e1' }];
const r4 = (more: readonly unknown[], events = event) =>
  historyBundle(statusParameters('event-notification', events, more));
const r5 = (more: JsonObject, events: readonly { number?: unknown }[] = event) =>
  notificationBundle(subscriptionStatus('event-notification', events, more));
const eventPart = (part: unknown) => r4([{ name: 'notification-event', part }], []);

/** For each code, a request that causes it, and where. */
const CAUSES: Readonly<Record<FindingCode, readonly [body: unknown, path: string, parts?: RequestParts]>> = {
  'body-blank': [' ', 'request.body'],
  'body-not-json': ['{', 'request.body'],
  'body-not-utf8': [Buffer.from([0x22, 0xff, 0x22]), 'request.body'],
  'byte-order-mark': ['\ufeff{}', 'request.body'],
  'charset-not-utf8': [
    encounter(),
    'request.contentType',
    { contentType: 'application/json; Charset="iso-8859-1"' },
  ],
  'content-type-missing': [encounter(), 'request.contentType', { contentType: undefined }],
  'json-not-fhir': [{ a: 1 }, 'request.body', { profile: profile({ bodyForms: ['resource'] }) }],
  'json-not-object': ['[]', 'request.body'],
  'json-too-deep': ['['.repeat(200), 'request.body'],
  'empty-object': ['{}', 'request.body'],
  'form-unexpected': [encounter(), 'request.body', { profile: profile({ bodyForms: ['empty'] }) }],
  'identity-unsigned': ['', 'request.body'],
  'path-differs-from-body': [encounter(), 'request.target', { method: 'PUT', path: ['Encounter', 'e2'] }],
  'path-invalid': [encounter(), 'request.target', { method: 'PUT', path: ['encounter', 'e1'] }],
  'unsigned-focus-missing': [
    '{}',
    'request.header',
    { profile: profile({ unsignedFocusHeader: 'x-deleted' }) },
  ],

  'bundle-total-present': [
    notificationBundle(subscriptionStatus('heartbeat'), [], { total: 1 }),
    'Bundle.total',
  ],
  'bundle-type-unexpected': [
    historyBundle(statusParameters('heartbeat'), [], { type: 'subscription-notification' }),
    'Bundle.type',
  ],
  'element-invalid': [encounter('e1', { meta: 'x' }), 'Resource.meta'],
  'entry-invalid': [{ ...historyBundle(statusParameters('heartbeat')), entry: [7] }, 'Bundle.entry[0]'],
  'entry-request-missing': [
    { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: encounter() }] },
    'Bundle.entry[0].request',
  ],
  'entry-response-missing': [
    historyBundle(statusParameters('heartbeat'), [], {
      entry: [{ resource: statusParameters('heartbeat'), request: { method: 'GET', url: SUBSCRIPTION } }],
    }),
    'Bundle.entry[0].response',
  ],
  'entry-response-present': [
    notificationBundle(subscriptionStatus('heartbeat'), [], {
      entry: [{ fullUrl: 'urn:x', resource: subscriptionStatus('heartbeat'), response: { status: '200' } }],
    }),
    'Bundle.entry[0].response',
  ],
  'full-url-missing': [
    notificationBundle(subscriptionStatus('heartbeat'), [], {
      entry: [{ resource: subscriptionStatus('heartbeat') }],
    }),
    'Bundle.entry[0].fullUrl',
  ],
  'message-without-notification': [{ resourceType: 'Bundle', type: 'message', entry: [] }, 'Bundle.entry'],
  'notification-not-in-bundle': [subscriptionStatus('heartbeat'), 'Resource'],
  'status-missing': [historyBundle(encounter()), 'Bundle.entry'],
  'status-not-first': [historyBundle(encounter(), [statusParameters('heartbeat')]), 'Bundle.entry[1]'],
  'status-type-unexpected': [
    r5({ resourceType: 'VendorSubscriptionStatus' }),
    'Bundle.entry[0].resource.resourceType',
  ],

  'credential-in-payload': [
    eventPart([
      { name: 'event-number', valueString: '1' },
      { name: 'authorization-value', valueString: 'secret' },
    ]),
    'Bundle.entry[0].resource.parameter[5].part[1]',
  ],
  'event-id-unusable': [
    r5({}),
    'Bundle.entry[0].resource.notificationEvent[0].id',
    { profile: profile({ dedupe: ['notification-event-id', 'body'] }) },
  ],
  'event-in-heartbeat': [r5({ type: 'heartbeat' }), 'Bundle.entry[0].resource'],
  'event-number-invalid': [
    r5({}, [{ number: '-1' }]),
    'Bundle.entry[0].resource.notificationEvent[0].eventNumber',
  ],
  'event-number-missing': [r5({}, [{}]), 'Bundle.entry[0].resource.notificationEvent[0].eventNumber'],
  'event-number-repeated': [r5({}, [{ number: '1' }, { number: '1' }]), 'Bundle.entry[0].resource'],
  'events-since-start-invalid': [
    r5({ eventsSinceSubscriptionStart: 'many' }),
    'Bundle.entry[0].resource.eventsSinceSubscriptionStart',
  ],
  'focus-missing': [
    notificationBundle(subscriptionStatus('event-notification', [{ number: '1' }]), [encounter()]),
    'Bundle.entry',
  ],
  'integer64-as-number': [
    r5({ eventsSinceSubscriptionStart: 7 }),
    'Bundle.entry[0].resource.eventsSinceSubscriptionStart',
  ],
  'notification-event-missing': [
    notificationBundle(subscriptionStatus('query-event')),
    'Bundle.entry[0].resource',
  ],
  'notification-type-missing': [r5({ type: undefined }), 'Bundle.entry[0].resource.type'],
  'notification-type-unknown': [r5({ type: 'event' }), 'Bundle.entry[0].resource.type'],
  'parameter-invalid': [r4([{ valueString: 'nameless' }]), 'Bundle.entry[0].resource.parameter[6]'],
  'parameter-repeated': [
    r4([{ name: 'topic', valueCanonical: 'https://other.example' }]),
    'Bundle.entry[0].resource.parameter[6]',
  ],
  'parameter-value-type': [
    eventPart([{ name: 'event-number', valueInteger: 1 }]),
    'Bundle.entry[0].resource.parameter[5].part[0].valueString',
  ],
  'reference-invalid': [
    notificationBundle(
      subscriptionStatus('event-notification', [{ number: '1', focus: 'Encounter/e1\r\nx: y' }]),
    ),
    'Bundle.entry[0].resource.notificationEvent[0].focus.reference',
  ],
  'subscription-missing': [r5({ subscription: undefined }), 'Bundle.entry[0].resource.subscription'],
  'subscription-not-active': [r5({ status: 'off' }), 'Bundle.entry[0].resource.status'],
  'subscription-status-missing': [
    r5({ type: 'query-status', status: undefined }),
    'Bundle.entry[0].resource.status',
  ],
  'subscription-status-unknown': [r5({ status: 'paused' }), 'Bundle.entry[0].resource.status'],
  'timestamp-not-instant': [
    encounter('e1', { meta: { lastUpdated: '2026-11-21' } }),
    'Resource.meta.lastUpdated',
  ],

  'id-invalid': [encounter('no spaces'), 'Resource.id'],
  'id-missing': [{ resourceType: 'Encounter' }, 'Resource.id'],
  'resource-type-invalid': [encounter('e1', { resourceType: 'encounter' }), 'Resource.resourceType'],
  'resource-type-missing': [
    historyBundle(statusParameters('heartbeat'), [{ id: 'x' }]),
    'Bundle.entry[1].resource.resourceType',
  ],
  'version-invalid': [encounter('e1', { meta: { versionId: 3 } }), 'Resource.meta.versionId'],
  'findings-truncated': [{ ...historyBundle(encounter()), entry: Array(30).fill({ fullUrl: 7 }) }, ''],
};

describe('every finding', () => {
  for (const [code, [body, path, parts]] of Object.entries(CAUSES)) {
    it(code, () => {
      const severity = FINDING_SEVERITIES[code as FindingCode];
      const { findings } = read(body, parts);
      assert.ok(
        findings.some(
          (finding) => finding.code === code && finding.path === path && finding.severity === severity,
        ),
        `got ${JSON.stringify(findings)}`,
      );
    });
  }
});
