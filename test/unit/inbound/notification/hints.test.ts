import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codes, encounter, profile, read } from './fixtures.ts';

describe('what no signature over the body covers', () => {
  it('an empty ping is a hint of its own, every time', () => {
    const ping = read('');
    assert.equal(ping.form, 'empty');
    assert.equal(ping.type, 'fhir.hint');
    assert.equal(ping.identity, undefined);
    assert.deepEqual(ping.foci, []);
    assert.deepEqual(ping.findings, [
      { code: 'identity-unsigned', severity: 'information', path: 'request.body' },
    ]);
  });

  for (const method of ['PUT', 'DELETE', 'POST']) {
    it(`an empty ${method} to {Type}/{id} is a hint about that resource`, () => {
      const hint = read('', { method, path: ['Patient', 'p1'], contentType: undefined });
      assert.equal(hint.type, 'fhir.hint');
      assert.equal(hint.identity, undefined);
      assert.deepEqual(hint.foci, ['Patient/p1']);
      assert.deepEqual(hint.patients, ['Patient/p1']);
      assert.deepEqual(codes(hint), ['identity-unsigned']);
    });
  }

  it('a DELETE is a hint even with a signed body: the method is not signed', () => {
    const hint = read(encounter(), { method: 'DELETE', path: ['Encounter', 'e1'] });
    assert.equal(hint.type, 'fhir.hint');
    assert.equal(hint.identity, undefined);
    assert.deepEqual(hint.foci, ['Encounter/e1']);
    assert.deepEqual(codes(hint), ['identity-unsigned']);
  });

  it('a body without id takes its subject from the path, and is a hint for that', () => {
    const { id: _, ...anonymous } = encounter();
    const hint = read(anonymous, { method: 'PUT', path: ['Encounter', 'e7'] });
    assert.equal(hint.type, 'fhir.hint');
    assert.equal(hint.identity, undefined);
    assert.deepEqual(hint.foci, ['Encounter/e7']);
  });

  describe('a constant body whose subject is in a header', () => {
    const medplum = profile({
      bodyForms: ['resource', 'empty'],
      unsignedFocusHeader: 'x-medplum-deleted-resource',
    });
    it('is a hint about that resource, never deduplicated', () => {
      const headers = { 'x-medplum-deleted-resource': 'Patient/p3' };
      for (const body of ['{}', ' { } ']) {
        const hint = read(body, { profile: medplum, headers });
        assert.equal(hint.form, 'empty');
        assert.equal(hint.type, 'fhir.hint');
        assert.equal(hint.identity, undefined);
        assert.deepEqual(hint.foci, ['Patient/p3']);
        assert.deepEqual(hint.patients, ['Patient/p3']);
        assert.deepEqual(codes(hint), ['identity-unsigned']);
      }
    });
    it('says when the header is missing or no reference', () => {
      for (const headers of [{}, { 'x-medplum-deleted-resource': 'not a reference' }]) {
        const hint = read('{}', { profile: medplum, headers });
        assert.deepEqual(hint.foci, []);
        assert.deepEqual(codes(hint), ['unsigned-focus-missing', 'identity-unsigned']);
      }
    });
    it('does not listen to the header when the body speaks', () => {
      const changed = read(encounter(), {
        profile: medplum,
        headers: { 'x-medplum-deleted-resource': 'Patient/p3' },
      });
      assert.equal(changed.type, 'fhir.resource.changed');
      assert.deepEqual(changed.foci, ['Encounter/e1']);
    });
    it('ignores the header of a sender that does not use one', () => {
      const hint = read('{}', { headers: { 'x-medplum-deleted-resource': 'Patient/p3' } });
      assert.deepEqual(hint.foci, []);
      assert.deepEqual(codes(hint), ['empty-object', 'identity-unsigned']);
    });
  });

  it('a signed delivery id still names a hint', () => {
    for (const body of ['', '{}', 'not json', encounter()]) {
      assert.deepEqual(
        read(body, { method: 'DELETE', path: ['Encounter', 'e1'], signedId: 'msg_1' }).identity,
        {
          basis: 'signed-id',
          value: 'msg_1',
        },
      );
    }
  });
});

describe('bodies that cannot be read', () => {
  const deep = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
  const cases: [string, Buffer | string, string][] = [
    ['text', 'ping=1', 'body-not-json'],
    ['XML', '<Patient xmlns="http://hl7.org/fhir"/>', 'body-not-json'],
    ['truncated JSON', '{"resourceType":"Patient"', 'body-not-json'],
    ['Latin-1', Buffer.from('{"resourceType":"Patient","id":"\xe9"}', 'latin1'), 'body-not-utf8'],
    ['UTF-16', Buffer.from('{"resourceType":"Patient"}', 'utf16le'), 'body-not-json'],
    ['depth 65', deep(65), 'json-too-deep'],
    ['depth 50 000', deep(50_000), 'json-too-deep'],
    ['only opening brackets', '['.repeat(100_000), 'json-too-deep'],
  ];
  for (const [name, body, code] of cases) {
    it(`${name}: ${code}`, () => {
      const notification = read(body);
      assert.equal(notification.form, 'unreadable');
      assert.equal(notification.type, 'fhir.hint');
      assert.deepEqual(notification.identity, { basis: 'body' });
      assert.deepEqual(notification.findings, [{ code, severity: 'error', path: 'request.body' }]);
    });
  }

  it('keeps the resource of the path, and then does not deduplicate by body', () => {
    const notification = read('<x/>', { method: 'PUT', path: ['Patient', 'p1'] });
    assert.deepEqual(notification.foci, ['Patient/p1']);
    assert.equal(notification.identity, undefined);
  });

  it('depth 64 is read', () => assert.equal(read(deep(64)).form, 'json'));

  it('JSON that says nothing is a hint, never deduplicated', () => {
    for (const body of ['null', '[]', '0', '"x"', '[{"resourceType":"Patient"}]']) {
      const hint = read(body);
      assert.equal(hint.type, 'fhir.hint');
      assert.equal(hint.identity, undefined);
      assert.ok(codes(hint).includes('json-not-object'));
    }
  });

  it('JSON that is not FHIR is an event where the profile says so, else a hint', () => {
    const event = { timestamp: '2026-11-21T10:00:00Z', id: 'ev1', event: { 'hub.topic': 't' } };
    const taken = read(event, { profile: profile({ dedupe: ['notification-event-id', 'body'] }) });
    assert.equal(taken.type, 'fhir.notification.event');
    assert.deepEqual(taken.identity, { basis: 'notification-event-id', value: 'ev1' });
    const foreign = read(event, { profile: profile({ bodyForms: ['resource'], dedupe: ['body'] }) });
    assert.equal(foreign.type, 'fhir.hint');
    assert.deepEqual(foreign.identity, { basis: 'body' });
    assert.deepEqual(codes(foreign), ['form-unexpected', 'json-not-fhir']);
  });

  it('a byte order mark is forgiven', () => {
    const body = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(encounter()))]);
    const notification = read(body);
    assert.equal(notification.type, 'fhir.resource.changed');
    assert.deepEqual(codes(notification), ['byte-order-mark']);
  });

  it('white space alone is an empty body', () => {
    const notification = read(' \r\n');
    assert.equal(notification.form, 'empty');
    assert.equal(notification.identity, undefined);
  });

  it('members named __proto__ and constructor change nothing', () => {
    const body =
      '{"__proto__":{"resourceType":"Bundle","polluted":1},"constructor":{"prototype":{"x":1}},"resourceType":"Patient","id":"p1"}';
    const notification = read(body);
    assert.deepEqual(notification.findings, []);
    assert.deepEqual(notification.foci, ['Patient/p1']);
    assert.equal('polluted' in {}, false);
  });
});
