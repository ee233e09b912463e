import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isInvalid } from '../../../../src/inbound/validation/verdict.ts';
import {
  codes,
  encounter,
  historyBundle,
  notificationBundle,
  profile,
  read,
  statusParameters,
  subscriptionStatus,
} from '../notification/fixtures.ts';

describe('verdict', () => {
  it('is invalid with an error, not with a warning or information', () => {
    const finding = (severity: 'error' | 'warning' | 'information') => ({ code: 'x', severity, path: '' });
    assert.equal(isInvalid([]), false);
    assert.equal(isInvalid([finding('warning'), finding('information')]), false);
    assert.equal(isInvalid([finding('warning'), finding('error')]), true);
  });

  it('counts the known deviations of a sender as information', () => {
    const { request: _, ...entry } = { resource: encounter(), request: 0, response: { status: '200' } };
    const body = historyBundle(
      subscriptionStatus('event-notification', [{ number: '1', focus: 'Encounter/e1' }]),
    );
    (body.entry as unknown[]).push(entry);
    assert.equal(isInvalid(read(body).findings), true);
    const tolerated = read(body, { profile: profile({ knownDeviations: ['entry-request-missing'] }) });
    assert.equal(isInvalid(tolerated.findings), false);
    assert.deepEqual(codes(tolerated), ['entry-request-missing']);
  });
});

describe('bounds', () => {
  const many = (count: number, entry: unknown) => {
    const body = historyBundle(
      statusParameters('event-notification', [{ number: '1', focus: 'Encounter/e1' }]),
    );
    (body.entry as unknown[]).push(...Array(count).fill(entry));
    return body;
  };

  it('lists at most 20 findings and a note, however many there are', () => {
    const { findings } = read(many(5_000, { fullUrl: 7 }));
    assert.ok(findings.length <= 21, String(findings.length));
    assert.equal(isInvalid(findings), true);
  });

  it('does not lose an error behind 20 warnings', () => {
    const numbers = Array.from({ length: 40 }, (_, index) => ({ number: index, focus: 'Encounter/e1' }));
    const status = subscriptionStatus('event-notification', numbers, { subscription: undefined });
    const { findings } = read(notificationBundle(status));
    assert.equal(isInvalid(findings), true);
    assert.ok(findings.length <= 21);
  });

  it('reads every event of a long notification', () => {
    const events = Array.from({ length: 3_000 }, (_, index) => ({
      number: `${index}`,
      focus: `Encounter/e${index}`,
    }));
    for (const body of [
      notificationBundle(subscriptionStatus('event-notification', events)),
      historyBundle(statusParameters('event-notification', events)),
    ]) {
      const notification = read(body);
      assert.equal(notification.foci.length, 3_000);
      assert.equal(notification.eventNumbers.length, 3_000);
      assert.deepEqual(notification.findings, []);
    }
  });
});

describe('what findings may say', () => {
  it('no path or code holds anything of the body', () => {
    const secret = 'SMITHJOHN';
    const body = historyBundle(
      { resourceType: secret, id: secret, [secret]: secret },
      [{ ...encounter(`${secret} `), meta: { versionId: `${secret} ` }, [secret]: 1 }],
      { id: `${secret} `, total: secret, type: secret },
    );
    for (const candidate of [
      body,
      { resourceType: `${secret}Type`, id: `${secret} ` },
      { ...body, type: 'history' },
    ]) {
      const { findings } = read(candidate, { method: 'PUT', path: [secret, secret] });
      assert.ok(findings.length > 0);
      assert.ok(!JSON.stringify(findings).includes(secret), JSON.stringify(findings));
    }
  });

  it('a credential in the payload reaches nothing but the sealed bytes', () => {
    const part = [
      { name: 'event-number', valueString: '1' },
      { name: 'authorization-type', valueCoding: { code: 'authorization_base' } },
      { name: 'authorization-value', valueString: 'top-secret' },
    ];
    const status = statusParameters('event-notification', [], [{ name: 'notification-event', part }]);
    const notification = read(historyBundle(status));
    assert.ok(!JSON.stringify(notification).includes('top-secret'));
    assert.deepEqual(codes(notification), ['credential-in-payload']);
  });
});
