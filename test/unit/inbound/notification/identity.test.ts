import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DedupeBasis } from '../../../../src/inbound/sender-profile.ts';
import {
  encounter,
  historyBundle,
  notificationBundle,
  profile,
  read,
  statusParameters,
  subscriptionStatus,
} from './fixtures.ts';

const by = (...dedupe: DedupeBasis[]) => ({ profile: profile({ dedupe }) });
const notification = (events: { number?: string; id?: string }[], more = {}) =>
  notificationBundle(subscriptionStatus('event-notification', events), [], more);

describe('what names an event', () => {
  it('the signed delivery id, before anything in the body', () => {
    const parts = { ...by('body'), signedId: 'msg_1' };
    assert.deepEqual(read(encounter(), parts).identity, { basis: 'signed-id', value: 'msg_1' });
  });

  it('the first basis of the profile that the body provides', () => {
    const bases = by('signed-id', 'notification-event-id', 'bundle-id', 'body');
    assert.equal(
      read(notification([{ number: '1', id: 'a' }]), bases).identity?.basis,
      'notification-event-id',
    );
    assert.equal(read(notification([{ number: '1' }]), bases).identity?.basis, 'bundle-id');
    assert.equal(read(notification([{ number: '1' }], { id: undefined }), bases).identity?.basis, 'body');
  });

  it('nothing, where the profile names nothing that is there', () => {
    assert.equal(read(encounter(), by('signed-id')).identity, undefined);
  });

  it('all event ids together, of R4 too', () => {
    const events = [
      { number: '1', id: 'cb6c' },
      { number: '2', id: 'd17d' },
    ];
    const value = { basis: 'notification-event-id', value: 'cb6c d17d' };
    assert.deepEqual(read(notification(events), by('notification-event-id')).identity, value);
    const r4 = historyBundle(statusParameters('event-notification', events));
    assert.deepEqual(read(r4, by('notification-event-id')).identity, value);
  });

  it('no event ids where one is missing, empty or holds a space', () => {
    for (const id of [undefined, '', 'a b', 'a\n']) {
      const events = [
        { number: '1', id: 'cb6c' },
        { number: '2', ...(id === undefined ? {} : { id }) },
      ];
      const read2 = read(notification(events), by('notification-event-id', 'body'));
      assert.deepEqual(read2.identity, { basis: 'body' });
      assert.ok(read2.findings.some((finding) => finding.code === 'event-id-unusable'));
    }
  });

  it('Bundle.id within its kind: a heartbeat that reuses it is another event', () => {
    const values = ['event-notification', 'heartbeat', 'handshake'].map((kind) => {
      const events = kind === 'event-notification' ? [{ number: '1' }] : [];
      const { identity } = read(notificationBundle(subscriptionStatus(kind, events)), by('bundle-id'));
      return identity?.basis === 'bundle-id' ? identity.value : undefined;
    });
    assert.equal(new Set(values).size, 3);
    assert.ok(!values.includes(undefined));
  });

  it('type, id and version of a resource; not without the version', () => {
    const bases = by('resource-version', 'body');
    assert.deepEqual(read(encounter(), bases).identity, {
      basis: 'resource-version',
      value: 'Encounter/e1/_history/3',
    });
    assert.deepEqual(read(encounter('e1', { meta: {} }), bases).identity, { basis: 'body' });
    assert.deepEqual(read(encounter('e1', { meta: { versionId: 3 } }), bases).identity, { basis: 'body' });
  });

  it('a heartbeat or handshake is never named by its body: the same bytes come again', () => {
    for (const kind of ['heartbeat', 'handshake']) {
      assert.equal(read(historyBundle(statusParameters(kind)), by('signed-id', 'body')).identity, undefined);
    }
  });
});
