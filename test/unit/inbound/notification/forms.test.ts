import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  codes,
  encounter,
  historyBundle,
  messageBundle,
  notificationBundle,
  read,
  statusParameters,
  subscriptionStatus,
  TOPIC,
} from './fixtures.ts';

const EVENT = [{ number: '7', focus: 'https://ehr.example/fhir/Encounter/e1/_history/3' }];

describe('topic-based notifications', () => {
  const shapes = [
    [
      'history-bundle-parameters',
      () => historyBundle(statusParameters('event-notification', EVENT), [encounter()]),
    ],
    [
      'history-bundle-status',
      () => historyBundle(subscriptionStatus('event-notification', EVENT), [encounter()]),
    ],
    [
      'subscription-notification',
      () => notificationBundle(subscriptionStatus('event-notification', EVENT), [encounter()]),
    ],
    [
      'message-bundle',
      () => messageBundle(notificationBundle(subscriptionStatus('event-notification', EVENT), [encounter()])),
    ],
  ] as const;
  for (const [form, body] of shapes) {
    it(`reads ${form}`, () => {
      const notification = read(body());
      assert.deepEqual(notification.findings, []);
      assert.equal(notification.form, form);
      assert.equal(notification.type, 'fhir.notification.event');
      assert.equal(notification.subscription, 'Subscription/admissions');
      assert.equal(notification.topic, TOPIC);
      assert.equal(notification.eventsSinceStart, '7');
      assert.deepEqual(notification.eventNumbers, ['7']);
      assert.deepEqual(notification.foci, ['Encounter/e1']);
      assert.deepEqual(notification.patients, ['Patient/p1']);
      assert.deepEqual(notification.identity, { basis: 'bundle-id', value: 'event-notification/b1' });
    });
  }

  const kinds = [
    ['handshake', 'fhir.notification.handshake'],
    ['heartbeat', 'fhir.notification.heartbeat'],
    ['query-status', 'fhir.notification.event'],
  ] as const;
  for (const [kind, type] of kinds) {
    it(`reads a ${kind} of R4, R4B and R5`, () => {
      const bodies = [
        historyBundle(statusParameters(kind)),
        historyBundle(subscriptionStatus(kind)),
        notificationBundle(subscriptionStatus(kind)),
      ];
      for (const body of bodies) {
        const notification = read(body);
        assert.deepEqual(notification.findings, []);
        assert.equal(notification.type, type);
        assert.deepEqual(notification.eventNumbers, []);
      }
    });
  }

  it('reads query-event with several events in order', () => {
    const events = [
      { number: '307', focus: 'Encounter/e2', context: 'https://ehr.example/fhir/Patient/p2' },
      { number: '308', focus: 'Encounter/e1' },
      { number: '309', focus: 'Encounter/e2' },
    ];
    for (const body of [
      historyBundle(statusParameters('query-event', events)),
      notificationBundle(subscriptionStatus('query-event', events)),
    ]) {
      const notification = read(body);
      assert.equal(notification.type, 'fhir.notification.event');
      assert.deepEqual(notification.eventNumbers, ['307', '308', '309']);
      assert.deepEqual(notification.foci, ['Encounter/e2', 'Encounter/e1']);
      assert.deepEqual(notification.patients, ['Patient/p2']);
    }
  });

  it('reads empty content: numbers without focus', () => {
    const notification = read(
      notificationBundle(subscriptionStatus('event-notification', [{ number: '7' }])),
    );
    assert.deepEqual(notification.findings, []);
    assert.deepEqual(notification.foci, []);
    assert.deepEqual(notification.eventNumbers, ['7']);
  });

  it('reads id-only content, whose entries carry no resource', () => {
    const body = historyBundle(statusParameters('event-notification', EVENT));
    (body.entry as unknown[]).push({
      fullUrl: 'https://ehr.example/fhir/Encounter/e1',
      request: { method: 'PUT', url: 'Encounter/e1' },
      response: { status: '200' },
    });
    const notification = read(body);
    assert.deepEqual(notification.findings, []);
    assert.deepEqual(notification.foci, ['Encounter/e1']);
  });

  it('reads a status in error as an event, and says so', () => {
    const notification = read(
      notificationBundle(subscriptionStatus('event-notification', [{ number: '328' }], { status: 'error' })),
    );
    assert.equal(notification.type, 'fhir.notification.event');
    assert.deepEqual(codes(notification), ['subscription-not-active']);
  });

  it('takes a Patient in focus for a patient', () => {
    const events = [{ number: '7', focus: 'https://ehr.example/fhir/Patient/p9' }];
    assert.deepEqual(read(historyBundle(statusParameters('event-notification', events))).patients, [
      'Patient/p9',
    ]);
  });

  it('does not let a heartbeat that carries an event end at the gateway', () => {
    const withEvent = read(notificationBundle(subscriptionStatus('heartbeat', [{ number: '7' }])));
    assert.equal(withEvent.type, 'fhir.notification.event');
    assert.deepEqual(codes(withEvent), ['event-in-heartbeat']);
    const withResource = read(notificationBundle(subscriptionStatus('heartbeat'), [encounter()]));
    assert.equal(withResource.type, 'fhir.notification.event');
    assert.deepEqual(withResource.foci, ['Encounter/e1']);
  });

  it('reads the status type of a vendor, and numbers as JSON numbers', () => {
    const status = subscriptionStatus('event-notification', [{ number: 1, focus: 'Patient/p1' }], {
      resourceType: 'AidboxSubscriptionStatus',
    });
    const notification = read(historyBundle(status));
    assert.equal(notification.form, 'history-bundle-status');
    assert.deepEqual(notification.eventNumbers, ['1']);
    assert.deepEqual(codes(notification).sort(), ['integer64-as-number', 'status-type-unexpected']);
  });

  it('reads an R4 status whose subscription is a valueString and whose timestamp is a date', () => {
    const status = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'subscription', valueString: 'Subscription/s1' },
        { name: 'status', valueCode: 'active' },
        { name: 'type', valueCode: 'event-notification' },
        {
          name: 'notification-event',
          part: [
            { name: 'event-number', valueString: '1' },
            { name: 'timestamp', valueDate: '2026-11-21' },
          ],
        },
      ],
    };
    const notification = read(historyBundle({ id: 's1', ...status }));
    assert.equal(notification.subscription, 'Subscription/s1');
    assert.deepEqual(notification.findings, [
      {
        code: 'parameter-value-type',
        severity: 'warning',
        path: 'Bundle.entry[0].resource.parameter[0].valueReference',
      },
      {
        code: 'parameter-value-type',
        severity: 'warning',
        path: 'Bundle.entry[0].resource.parameter[3].part[1].valueInstant',
      },
    ]);
  });

  it('keeps event numbers beyond the safe integers exact', () => {
    const notification = read(
      notificationBundle(subscriptionStatus('event-notification', [{ number: '9223372036854775807' }])),
    );
    assert.deepEqual(notification.eventNumbers, ['9223372036854775807']);
    assert.deepEqual(notification.findings, []);
  });
});

describe('R4 rest-hooks', () => {
  it('reads a resource by POST or PUT', () => {
    for (const parts of [{ method: 'POST' }, { method: 'PUT', path: ['Encounter', 'e1'] as const }]) {
      const notification = read(encounter(), parts);
      assert.deepEqual(notification.findings, []);
      assert.equal(notification.form, 'resource');
      assert.equal(notification.type, 'fhir.resource.changed');
      assert.deepEqual(notification.foci, ['Encounter/e1']);
      assert.deepEqual(notification.patients, ['Patient/p1']);
      assert.deepEqual(notification.identity, {
        basis: 'resource-version',
        value: 'Encounter/e1/_history/3',
      });
    }
  });

  it('reads a Bundle that is itself the resource', () => {
    const notification = read({ resourceType: 'Bundle', id: 'd1', type: 'document', entry: [] });
    assert.equal(notification.form, 'resource');
    assert.deepEqual(notification.foci, ['Bundle/d1']);
    assert.deepEqual(notification.findings, []);
  });

  it('finds patients by the elements that name them', () => {
    const subjects: [object, string[]][] = [
      [{ resourceType: 'Patient', id: 'p1' }, ['Patient/p1']],
      [{ resourceType: 'Immunization', id: 'i', patient: { reference: 'Patient/p2' } }, ['Patient/p2']],
      [{ resourceType: 'Coverage', id: 'c', beneficiary: { reference: 'Patient/p3' } }, ['Patient/p3']],
      [
        { resourceType: 'Task', id: 't', for: { reference: 'https://x.example/fhir/Patient/p4' } },
        ['Patient/p4'],
      ],
      [
        {
          resourceType: 'Account',
          id: 'a',
          subject: [{ reference: 'Patient/p5' }, { reference: 'Device/d' }],
        },
        ['Patient/p5'],
      ],
      [
        { resourceType: 'Appointment', id: 'ap', participant: [{ actor: { reference: 'Patient/p6' } }] },
        ['Patient/p6'],
      ],
      [{ resourceType: 'Observation', id: 'o', subject: { reference: 'Group/g' } }, []],
      [{ resourceType: 'Observation', id: 'o', subject: { reference: 'Patient?identifier=1' } }, []],
      [{ resourceType: 'Observation', id: 'o', contained: [{ subject: { reference: 'Patient/no' } }] }, []],
    ];
    for (const [resource, patients] of subjects) assert.deepEqual(read(resource).patients, patients);
  });

  it('reads a transaction: changed, or deleted where every entry deletes', () => {
    const deletion = (id: string) => ({ request: { method: 'DELETE', url: `Observation/${id}` } });
    const change = { resource: encounter(), request: { method: 'PUT', url: 'Encounter/e1' } };
    const bundle = (entry: unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });
    const changed = read(bundle([change, deletion('o1')]));
    assert.equal(changed.form, 'transaction-bundle');
    assert.equal(changed.type, 'fhir.resource.changed');
    assert.deepEqual(changed.foci, ['Encounter/e1', 'Observation/o1']);
    assert.deepEqual(changed.patients, ['Patient/p1']);
    const deleted = read(bundle([deletion('o1'), deletion('o2')]));
    assert.equal(deleted.type, 'fhir.resource.deleted');
    assert.deepEqual(deleted.foci, ['Observation/o1', 'Observation/o2']);
    assert.deepEqual(deleted.findings, []);
  });

  it('reads a notification that came as a transaction', () => {
    const body = historyBundle(statusParameters('event-notification', EVENT), [encounter()], {
      type: 'transaction',
    });
    const notification = read(body);
    assert.equal(notification.form, 'transaction-bundle');
    assert.equal(notification.type, 'fhir.notification.event');
    assert.deepEqual(notification.eventNumbers, ['7']);
    assert.deepEqual(codes(notification), ['bundle-type-unexpected']);
  });
});
