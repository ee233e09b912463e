import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { DAY, HOUR } from '../../src/kernel/clock.ts';
import { GatewayError } from '../../src/kernel/errors.ts';
import { newEventId } from '../../src/kernel/ids.ts';
import { assertChainSound, recordTexts } from '../support/audit-chain.ts';
import { GRACE, MERCY, MERCY_LAB, newEvent, signedId } from '../support/events.ts';
import { claimIds, delivered } from '../support/settled.ts';
import type { JournalAdapter, JournalHarness } from './harness.ts';

const { organization } = MERCY;

export function acceptContract(open: JournalAdapter): void {
  identityContract(open);
  concurrencyContract(open);
  stateContract(open);
  limitContract(open);
}

function identityContract(open: JournalAdapter): void {
  test('a repeat gets the first receipt, other bytes under the same identity are a conflict', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const identity = signedId('msg_1');
    const first = newEvent(clock, { identity, body: '{"a":1}' });
    assert.deepEqual(await journal.accept(MERCY, first), { kind: 'accepted' });
    clock.advance(HOUR);
    const eventId = first.summary.id;
    const repeat = newEvent(clock, { identity, body: '{"a":1}' });
    assert.deepEqual(await journal.accept(MERCY, repeat), { kind: 'duplicate', eventId });
    const other = newEvent(clock, { identity, body: '{"a":2}' });
    assert.deepEqual(await journal.accept(MERCY, other), { kind: 'conflict', eventId });
    assert.equal(await harness.countEvents(organization), 1);
    const records = recordTexts(await harness.chain(organization));
    assert.deepEqual(
      records.map(({ action, outcome, target, request }) => ({ action, outcome, target, request })),
      [
        { action: 'event.accept', outcome: 'success', request: first.summary.requestId },
        { action: 'event.duplicate', outcome: 'success', request: repeat.summary.requestId },
        { action: 'event.conflict', outcome: 'refused', request: other.summary.requestId },
      ].map((record) => ({ ...record, target: `event:${eventId}` })),
    );
    assert.equal(records[2]?.reason, 'same-identity-other-content');
  });

  test('an identity holds within one source of one organization, and within its kind', async (t) => {
    const { journal, clock } = await open(t);
    const identity = signedId('Bundle/7');
    const accepts = [
      [MERCY, identity],
      [MERCY_LAB, identity],
      [GRACE, identity],
      [MERCY, { basis: 'bundle-id', value: 'Bundle/7' }],
    ] as const;
    for (const [scope, scoped] of accepts) {
      const event = newEvent(clock, { scope, identity: scoped });
      assert.deepEqual(await journal.accept(scope, event), { kind: 'accepted' });
    }
    for (const [scope, scoped] of accepts) {
      const event = newEvent(clock, { scope, identity: scoped });
      assert.equal((await journal.accept(scope, event)).kind, 'duplicate');
    }
  });

  test('an identity expires after the dedupe time by the injected clock, and holds anew', async (t) => {
    const harness = await open(t, { dedupeDays: 3 });
    const { journal, clock } = harness;
    const identity = signedId('msg_1');
    const accept = async () => (await journal.accept(MERCY, newEvent(clock, { identity }))).kind;
    assert.equal(await accept(), 'accepted');
    clock.advance(3 * DAY - 1);
    assert.equal(await accept(), 'duplicate');
    clock.advance(1);
    assert.equal(await accept(), 'accepted');
    assert.equal(await accept(), 'duplicate');
    clock.advance(3 * DAY - 1);
    assert.equal(await accept(), 'duplicate');
    assert.equal(await harness.countEvents(organization), 2);
  });

  test('without identity every delivery is an event of its own', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    for (let count = 0; count < 3; count += 1) {
      const event = newEvent(clock, { identity: undefined, body: '{}' });
      assert.deepEqual(await journal.accept(MERCY, event), { kind: 'accepted' });
    }
    assert.equal(await harness.countEvents(organization), 3);
  });

  test('on the body as identity equal bytes repeat, others are another event', async (t) => {
    const { journal, clock } = await open(t);
    const identity = { basis: 'body' } as const;
    const accept = async (body: string) =>
      (await journal.accept(MERCY, newEvent(clock, { identity, body }))).kind;
    assert.deepEqual(
      [await accept('{"a":1}'), await accept('{"a":2}'), await accept('{"a":1}'), await accept('{"a":2}')],
      ['accepted', 'accepted', 'duplicate', 'duplicate'],
    );
  });
}

function concurrencyContract(open: JournalAdapter): void {
  /** Equal deliveries, `waves` of two, a turn of the event loop apart so that they fall into different batches. */
  const race = async (harness: JournalHarness, waves: number) => {
    const { journal, clock } = harness;
    const racing = [];
    for (let wave = 0; wave < waves; wave += 1) {
      for (let twin = 0; twin < 2; twin += 1) {
        const event = newEvent(clock, { identity: signedId('msg_1'), body: '{"a":1}' });
        racing.push(journal.accept(MERCY, event).then((result) => ({ id: event.summary.id, result })));
      }
      await turn();
    }
    return Promise.all(racing);
  };

  for (const [waves, what] of [
    [1, 'in one batch'],
    [6, 'in different batches'],
  ] as const) {
    test(`equal deliveries at the same time, ${what}, are one event with one receipt`, async (t) => {
      const harness = await open(t);
      const outcomes = await race(harness, waves);
      const accepted = outcomes.filter(({ result }) => result.kind === 'accepted');
      assert.equal(accepted.length, 1);
      const eventId = accepted[0]?.id;
      for (const { result } of outcomes) {
        if (result.kind !== 'accepted') assert.deepEqual(result, { kind: 'duplicate', eventId });
      }
      assert.equal(await harness.countEvents(organization), 1);
      assert.deepEqual(await claimIds(harness.journal), [eventId]);
    });
  }

  test('one event that cannot be stored is refused by itself, the others of its batch land', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const taken = newEventId(clock.now());
    await journal.accept(MERCY, newEvent(clock, { id: taken, body: 'first' }));
    const events = Array.from({ length: 9 }, (_, index) =>
      newEvent(clock, index === 4 ? { id: taken, body: 'poison' } : { identity: signedId(`msg_${index}`) }),
    );
    const results = await Promise.allSettled(events.map((event) => journal.accept(MERCY, event)));
    for (const [index, result] of results.entries()) {
      if (index !== 4) assert.deepEqual(result, { status: 'fulfilled', value: { kind: 'accepted' } });
      else assertRetry(result.status === 'rejected' ? result.reason : undefined, 'journal-failed');
    }
    assert.equal(await harness.countEvents(organization), 9);
    const claimed = await journal.claim({ count: 100, bytes: 1_000_000 });
    const bodies = claimed.deliveries.map(({ content }) => content.body.toString());
    assert.equal(bodies.filter((body) => body === 'first').length, 1);
    assert.ok(!bodies.includes('poison'));
    const chain = await harness.chain(organization);
    assertChainSound(organization, chain);
    assert.equal(chain.records.length, 9);
  });
}

function stateContract(open: JournalAdapter): void {
  for (const state of ['consumed', 'quarantined'] as const) {
    test(`an event accepted as ${state} is kept, audited and recognised, but never due`, async (t) => {
      const harness = await open(t);
      const { journal, clock } = harness;
      const identity = signedId('msg_1');
      const event = newEvent(clock, { state, identity, foci: ['Observation/1'] });
      await journal.accept(MERCY, event);
      const behind = newEvent(clock, { foci: ['Observation/1'] });
      await journal.accept(MERCY, behind);
      assert.deepEqual(await claimIds(journal), [behind.summary.id], 'it stands in nobody’s way');
      assert.equal((await harness.event(organization, event.summary.id))?.state, state);
      const repeat = await journal.accept(MERCY, newEvent(clock, { identity }));
      assert.deepEqual(repeat, { kind: 'duplicate', eventId: event.summary.id });
      assert.equal(recordTexts(await harness.chain(organization))[0]?.detail?.state, state);
    });
  }
}

function limitContract(open: JournalAdapter): void {
  test('a full backlog refuses new events, still knows repeats, and takes events again when there is room', async (t) => {
    const harness = await open(t, { maxBacklog: 2 });
    const { journal, clock } = harness;
    const first = newEvent(clock, { identity: signedId('msg_0') });
    await journal.accept(MERCY, first);
    await journal.accept(MERCY, newEvent(clock));
    const refused = newEvent(clock, { identity: signedId('msg_2') });
    await assert.rejects(journal.accept(MERCY, refused), (error) =>
      assertRetry(error, 'journal-backlog-full'),
    );
    const eventId = first.summary.id;
    const repeat = await journal.accept(MERCY, newEvent(clock, { identity: signedId('msg_0') }));
    assert.deepEqual(repeat, { kind: 'duplicate', eventId });
    assert.equal(await harness.countEvents(organization), 2);
    await claimIds(journal);
    await journal.settle(delivered(eventId));
    assert.deepEqual(await journal.accept(MERCY, refused), { kind: 'accepted' });
    await assert.rejects(journal.accept(MERCY, newEvent(clock)), GatewayError);
  });

  test('a disk without reserve refuses new events, still knows repeats, and keeps the audit log going', async (t) => {
    const harness = await open(t);
    const first = newEvent(harness.clock, { identity: signedId('msg_0') });
    await harness.journal.accept(MERCY, first);
    await harness.reopen({ minFreeBytes: Number.MAX_SAFE_INTEGER });
    const { journal, clock } = harness;
    const refused = newEvent(clock, { identity: signedId('msg_1') });
    await assert.rejects(journal.accept(MERCY, refused), (error) => assertRetry(error, 'journal-disk-low'));
    const repeat = await journal.accept(MERCY, newEvent(clock, { identity: signedId('msg_0') }));
    assert.deepEqual(repeat, { kind: 'duplicate', eventId: first.summary.id });
    assert.deepEqual(await claimIds(journal), [first.summary.id]);
    await journal.settle(delivered(first.summary.id));
    const actions = recordTexts(await harness.chain(organization)).map(({ action }) => action);
    assert.deepEqual(actions, ['event.accept', 'event.duplicate', 'delivery.complete']);
    await harness.reopen({ minFreeBytes: 0 });
    assert.deepEqual(await harness.journal.accept(MERCY, refused), { kind: 'accepted' });
  });
}

/** The sender is told to come again, and when. */
function assertRetry(error: unknown, code: string): true {
  assert.ok(error instanceof GatewayError, String(error));
  assert.deepEqual({ code: error.code, disposition: error.disposition }, { code, disposition: 'retry' });
  assert.ok((error.retryAfterSeconds ?? 0) > 0);
  return true;
}
