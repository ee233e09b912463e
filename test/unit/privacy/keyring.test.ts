import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { DAY } from '../../../src/kernel/clock.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { blindIndex } from '../../../src/privacy/blind-index.ts';
import { open, seal } from '../../../src/privacy/envelope.ts';
import {
  Keyring,
  type KeyStore,
  makeCanary,
  readCanary,
  type StoredKey,
} from '../../../src/privacy/keyring.ts';
import { TestClock } from '../../support/test-clock.ts';

const MERCY = 'mercy' as OrganizationId;
const GRACE = 'grace' as OrganizationId;
const ROTATE_MS = 90 * DAY;
const TEXT = Buffer.from('content');

class MemoryKeys implements KeyStore {
  readonly rows: StoredKey[] = [];

  loadKeys(): readonly StoredKey[] {
    return [...this.rows];
  }

  saveKey(key: StoredKey): void {
    this.rows.push(key);
  }

  replaceWrapping(key: StoredKey): void {
    const at = this.rows.findIndex(
      ({ organization, purpose, generation }) =>
        organization === key.organization && purpose === key.purpose && generation === key.generation,
    );
    this.rows[at] = key;
  }
}

function fixture() {
  const store = new MemoryKeys();
  const clock = new TestClock();
  const master = randomBytes(32);
  const openRing = (...masters: Buffer[]) => new Keyring(masters, store, clock, ROTATE_MS);
  return { store, clock, master, openRing };
}

function context(organization: OrganizationId) {
  return { organization, recordId: Buffer.from('record'), field: 'test', schemaVersion: 1 };
}

function sealWith(ring: Keyring, organization = MERCY): Buffer {
  return seal(ring.sealingKey(organization), context(organization), [TEXT]);
}

function openWith(ring: Keyring, sealed: Buffer, organization = MERCY): Buffer {
  return open(ring.openingKey(organization, sealed), context(organization), sealed);
}

function indexToken(ring: Keyring, organization: OrganizationId): Buffer {
  return blindIndex(ring.indexKey(organization), 'patient', 'Patient/1');
}

test('keys are made once, are stored wrapped only, and are the same after a restart', () => {
  const { store, master, openRing } = fixture();
  const ring = openRing(master);
  const sealed = sealWith(ring);
  const index = indexToken(ring, MERCY);
  assert.deepEqual(
    store.rows.map(({ purpose, generation }) => [purpose, generation]),
    [
      ['data', 1],
      ['index', 1],
    ],
  );
  const secret = ring.sealingKey(MERCY).secret;
  for (const { wrapped } of store.rows) assert.ok(!Buffer.from(wrapped).includes(secret));
  const again = openRing(master);
  assert.deepEqual(openWith(again, sealed), TEXT);
  assert.deepEqual(indexToken(again, MERCY), index);
  assert.equal(store.rows.length, 2);
});

test('after a rotation the newest generation seals and every older one still opens', () => {
  const { master, openRing } = fixture();
  const ring = openRing(master);
  const sealed = [sealWith(ring)];
  const index = indexToken(ring, MERCY);
  for (const generation of [2, 3, 4]) {
    assert.equal(ring.rotate(MERCY), generation);
    sealed.push(sealWith(ring));
  }
  assert.equal(new Set(sealed.map((one) => one.toString('hex', 5, 21))).size, 4, 'four key ids');
  for (const one of [ring, openRing(master)]) {
    for (const value of sealed) assert.deepEqual(openWith(one, value), TEXT);
    assert.ok(one.sealingKey(MERCY).id.equals(sealed[3]?.subarray(5, 21) ?? Buffer.alloc(0)));
    assert.deepEqual(indexToken(one, MERCY), index, 'blind indexes stay findable');
  }
});

test('generations are told by number, not by the order in which the store returns them', () => {
  const { store, master, openRing } = fixture();
  const ring = openRing(master);
  ring.sealingKey(MERCY);
  ring.rotate(MERCY);
  store.rows.reverse();
  assert.ok(openRing(master).sealingKey(MERCY).id.equals(ring.sealingKey(MERCY).id));
});

test('a key that has grown too old is replaced by itself, by the injected clock', () => {
  const { store, clock, master, openRing } = fixture();
  const ring = openRing(master);
  const first = ring.sealingKey(MERCY).id;
  clock.advance(ROTATE_MS);
  assert.ok(ring.sealingKey(MERCY).id.equals(first));
  clock.advance(1);
  assert.ok(!ring.sealingKey(MERCY).id.equals(first));
  assert.equal(store.rows.filter(({ purpose }) => purpose === 'data').length, 2);
  clock.advance(ROTATE_MS);
  ring.sealingKey(MERCY);
  assert.equal(store.rows.filter(({ purpose }) => purpose === 'data').length, 2, 'the new one is young');
});

test('a rotation by another process is taken up by a reload', () => {
  const { master, openRing } = fixture();
  const ring = openRing(master);
  ring.sealingKey(MERCY);
  const other = openRing(master);
  other.rotate(MERCY);
  const sealed = sealWith(other);
  assert.throws(() => openWith(ring, sealed), { code: 'key-unknown' });
  ring.reload();
  assert.deepEqual(openWith(ring, sealed), TEXT);
  assert.ok(ring.sealingKey(MERCY).id.equals(other.sealingKey(MERCY).id));
});

test('the key of another organization opens nothing, and neither does one nobody knows', () => {
  const { master, openRing } = fixture();
  const ring = openRing(master);
  const sealed = sealWith(ring, MERCY);
  sealWith(ring, GRACE);
  assert.throws(() => ring.openingKey(GRACE, sealed), { code: 'key-unknown', disposition: 'park' });
  assert.throws(() => ring.openingKey('nobody' as OrganizationId, sealed), { code: 'key-unknown' });
  assert.notDeepEqual(indexToken(ring, MERCY), indexToken(ring, GRACE));
});

test('a wrapped key moved to another organization or purpose does not unwrap', () => {
  for (const change of [{ organization: GRACE }, { purpose: 'index' as const }]) {
    const { store, master, openRing } = fixture();
    const ring = openRing(master);
    ring.sealingKey(MERCY);
    ring.sealingKey(GRACE);
    const rows = store.rows.filter(
      ({ organization, purpose }) => organization === MERCY || purpose === 'index',
    );
    const moved = rows.map((row) => (row.purpose === 'data' ? { ...row, ...change } : row));
    store.rows.splice(0, store.rows.length, ...moved);
    assert.throws(() => openRing(master), { code: 'seal-altered' }, Object.keys(change)[0]);
  }
});

test('a new master key wraps everything anew, and the old one can then be taken out', () => {
  const { store, master, openRing } = fixture();
  const ring = openRing(master);
  const sealed = sealWith(ring);
  ring.rotate(MERCY);
  sealWith(ring, GRACE);
  const before = store.rows.map(({ wrapped }) => Buffer.from(wrapped));
  const replacement = randomBytes(32);
  assert.throws(() => openRing(replacement), { code: 'key-unwrap-failed', disposition: 'park' });
  assert.deepEqual(openWith(openRing(replacement, master), sealed), TEXT);
  for (const [index, { wrapped }] of store.rows.entries()) {
    assert.ok(!Buffer.from(wrapped).equals(before[index] ?? Buffer.alloc(0)), `row ${index} is wrapped anew`);
  }
  assert.deepEqual(openWith(openRing(replacement), sealed), TEXT);
  assert.throws(() => openRing(master), { code: 'key-unwrap-failed' });
});

test('the refusal for a wrong master key names the remedy and no key', () => {
  const { master, openRing } = fixture();
  openRing(master).sealingKey(MERCY);
  assert.throws(() => openRing(randomBytes(32)), /organization mercy.*keys\.previousMasters/s);
});

test('a keyring without master key, or with a short one, is refused', () => {
  const { openRing } = fixture();
  assert.throws(() => openRing(), RangeError);
  assert.throws(() => openRing(randomBytes(31)), RangeError);
});

test('the canary tells the master key in force from a previous one and from a wrong one', () => {
  const [current, previous] = [randomBytes(32), randomBytes(32)];
  assert.equal(readCanary([current], makeCanary(current)), 'current');
  assert.equal(readCanary([current, previous], makeCanary(previous)), 'previous');
  assert.equal(readCanary([current, previous], makeCanary(randomBytes(32))), 'mismatch');
  const altered = makeCanary(current);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  assert.equal(readCanary([current], altered), 'mismatch');
  assert.equal(readCanary([current], Buffer.alloc(0)), 'mismatch');
});
