import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { MINUTE } from '../../src/kernel/clock.ts';
import type { EventId } from '../../src/kernel/ids.ts';
import { GRACE, MERCY, MERCY_LAB, newEvent } from '../support/events.ts';
import { claimAll, claimIds, claimOne, dead, delivered, retry } from '../support/settled.ts';
import type { JournalAdapter, JournalHarness } from './harness.ts';

const { organization } = MERCY;

export function deliveryContract(open: JournalAdapter): void {
  laneContract(open);
  claimContract(open);
  settlementContract(open);
  contentContract(open);
}

/** Accepts one event for each list of foci, in order. */
async function acceptAll(harness: JournalHarness, fociOfEach: readonly (readonly string[])[], scope = MERCY) {
  const ids: EventId[] = [];
  for (const foci of fociOfEach) {
    const event = newEvent(harness.clock, { foci, scope });
    await harness.journal.accept(scope, event);
    ids.push(event.summary.id);
  }
  return ids;
}

function laneContract(open: JournalAdapter): void {
  test('events with the same focus leave one at a time, in order of acceptance', async (t) => {
    const harness = await open(t);
    const { journal } = harness;
    const ids = await acceptAll(harness, [['Patient/1'], ['Patient/1'], ['Patient/1'], ['Patient/2']]);
    assert.deepEqual(await claimIds(journal), [ids[0], ids[3]]);
    assert.deepEqual(await claimIds(journal), [], 'the head of a lane is out: nothing else of it');
    for (const id of [ids[0], ids[1], ids[2]]) {
      assert.ok(id !== undefined);
      await journal.settle(delivered(id));
      assert.deepEqual(await claimIds(journal), id === ids[2] ? [] : [ids[ids.indexOf(id) + 1]]);
    }
  });

  test('an event with several foci goes when it is first in every lane, and holds each until then', async (t) => {
    const harness = await open(t);
    const { journal } = harness;
    const [a, b, both, afterA, afterB] = await acceptAll(harness, [
      ['Encounter/a'],
      ['Encounter/b'],
      ['Encounter/a', 'Encounter/b', 'Encounter/a'],
      ['Encounter/a'],
      ['Encounter/b'],
    ]);
    assert.ok(a && b && both && afterA && afterB);
    assert.deepEqual(await claimIds(journal), [a, b]);
    await journal.settle(delivered(a));
    assert.deepEqual(await claimIds(journal), [], 'b still stands in front');
    await journal.settle(delivered(b));
    assert.deepEqual(await claimIds(journal), [both]);
    await journal.settle(delivered(both));
    assert.deepEqual(await claimIds(journal), [afterA, afterB]);
  });

  test('the same focus of another source or organization is another lane, no focus is none', async (t) => {
    const harness = await open(t);
    const ids = [
      ...(await acceptAll(harness, [['Patient/1']], MERCY)),
      ...(await acceptAll(harness, [['Patient/1']], MERCY_LAB)),
      ...(await acceptAll(harness, [['Patient/1']], GRACE)),
      ...(await acceptAll(harness, [[], []], MERCY)),
    ];
    assert.deepEqual(await claimIds(harness.journal), ids);
  });

  test('a dead letter frees its lane; so does the last retry', async (t) => {
    const harness = await open(t);
    const { journal } = harness;
    const [first, second] = await acceptAll(harness, [['Patient/1'], ['Patient/1']]);
    assert.ok(first && second);
    await claimOne(journal);
    await journal.settle(dead(first, 1, 'status-410'));
    assert.equal((await claimOne(journal)).summary.id, second);
    const { state, reason, lastStatus } = (await harness.event(organization, first)) ?? {};
    assert.deepEqual({ state, reason, lastStatus }, { state: 'dead', reason: 'status-410', lastStatus: 400 });
  });
}

function claimContract(open: JournalAdapter): void {
  test('a claim takes the oldest first, at most as many as asked, none that is out', async (t) => {
    const harness = await open(t);
    const ids = await acceptAll(harness, [[], [], [], [], []]);
    assert.deepEqual(await claimIds(harness.journal, { count: 2 }), ids.slice(0, 2));
    assert.deepEqual(await claimIds(harness.journal, { count: 2 }), ids.slice(2, 4));
    assert.deepEqual(await claimIds(harness.journal, { count: 2 }), ids.slice(4));
    assert.deepEqual(await claimIds(harness.journal, { count: 2 }), []);
  });

  test('a claim stops after the body that reaches the byte limit', async (t) => {
    const { journal, clock } = await open(t);
    const ids: EventId[] = [];
    for (const size of [100, 100, 100, 5_000, 1]) {
      const event = newEvent(clock, { body: randomBytes(size) });
      await journal.accept(MERCY, event);
      ids.push(event.summary.id);
    }
    assert.deepEqual(await claimIds(journal, { bytes: 200 }), ids.slice(0, 2));
    assert.deepEqual(await claimIds(journal, { bytes: 101 }), ids.slice(2, 4));
    assert.deepEqual(await claimIds(journal, { bytes: 1 }), ids.slice(4), 'one at least, however large');
  });

  test('claims at the same time hand nothing out twice', async (t) => {
    const harness = await open(t);
    const ids = await acceptAll(
      harness,
      Array.from({ length: 40 }, (_, index) => [`Patient/${index % 10}`]),
    );
    const claims = await Promise.all([1, 2, 3, 4].map(() => claimIds(harness.journal, { count: 4 })));
    assert.deepEqual(claims.flat(), ids.slice(0, 10));
  });

  test('what is released is due again, without an attempt', async (t) => {
    const harness = await open(t);
    const { journal } = harness;
    const ids = await acceptAll(harness, [['Patient/1'], ['Patient/1'], []]);
    const [first, , third] = ids;
    assert.ok(first && third);
    assert.deepEqual(await claimIds(journal), [first, third]);
    await journal.release([first]);
    const again = await claimOne(journal);
    assert.deepEqual([again.summary.id, again.attempt, again.spentAttempts], [first, 1, 0]);
    await journal.release([]);
    assert.deepEqual(await claimIds(journal), []);
  });

  test('an event that cannot be stored does not take claims back that are out', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const [first, second] = await acceptAll(harness, [['Patient/1'], ['Patient/1']]);
    assert.ok(first && second);
    await claimOne(journal);
    await assert.rejects(journal.accept(MERCY, newEvent(clock, { id: first })));
    assert.deepEqual(await claimIds(journal), [], 'the first is still under way');
    await journal.settle(delivered(first));
    assert.deepEqual(await claimIds(journal), [second]);
  });
}

function settlementContract(open: JournalAdapter): void {
  test('a retry is due at its time by the injected clock, counts attempts, and holds its lane', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const [first] = await acceptAll(harness, [['Patient/1'], ['Patient/1']]);
    assert.ok(first);
    await claimOne(journal);
    await journal.settle(retry(first, clock.now() + MINUTE));
    const waiting = await journal.claim({ count: 10, bytes: 1_000 });
    assert.deepEqual(waiting, { deliveries: [], nextDueAt: clock.now() + MINUTE });
    clock.advance(MINUTE - 1);
    assert.deepEqual(await claimIds(journal), []);
    clock.advance(1);
    const second = await claimOne(journal);
    assert.deepEqual([second.summary.id, second.attempt, second.spentAttempts], [first, 2, 1]);
    await journal.settle(retry(first, clock.now(), 2, false));
    const third = await claimOne(journal);
    assert.deepEqual([third.attempt, third.spentAttempts], [3, 1], 'this one cost no budget');
  });

  test('the next due time is the earliest of those that may go, and none when none waits', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const now = clock.now();
    const next = async () => (await journal.claim({ count: 10, bytes: 1_000 })).nextDueAt;
    assert.equal(await next(), undefined);
    const [first, second, blocked] = await acceptAll(harness, [['Patient/1'], ['Patient/2'], ['Patient/1']]);
    assert.ok(first && second && blocked);
    await claimIds(journal);
    await journal.settle(retry(first, now + 3 * MINUTE));
    await journal.settle(retry(second, now + 2 * MINUTE));
    assert.equal(await next(), now + 2 * MINUTE);
    clock.advance(2 * MINUTE);
    assert.deepEqual(await claimIds(journal), [second]);
    await journal.settle(delivered(second));
    assert.equal(await next(), now + 3 * MINUTE, 'the one that is blocked does not count');
  });

  test('a restart makes what is not settled due again and keeps attempts, due times and order', async (t) => {
    const harness = await open(t);
    const { clock } = harness;
    const [first, , other, done] = await acceptAll(harness, [
      ['Patient/1'],
      ['Patient/1'],
      ['Patient/2'],
      [],
    ]);
    assert.ok(first && other && done);
    await claimIds(harness.journal);
    await harness.journal.settle(delivered(done));
    await harness.journal.settle(retry(first, clock.now() + MINUTE));
    await harness.reopen();
    const again = await claimAll(harness.journal);
    assert.deepEqual(
      again.map(({ summary, attempt }) => [summary.id, attempt]),
      [[other, 1]],
    );
    await harness.reopen();
    clock.advance(MINUTE);
    const later = await claimAll(harness.journal);
    assert.deepEqual(
      later.map(({ summary, attempt, spentAttempts }) => [summary.id, attempt, spentAttempts]),
      [
        [other, 1, 0],
        [first, 2, 1],
      ],
    );
    assert.equal((await harness.event(organization, done))?.state, 'delivered');
  });
}

function contentContract(open: JournalAdapter): void {
  test('a delivery is what was received, to the byte', async (t) => {
    const harness = await open(t);
    const { clock } = harness;
    const sizes = [0, 1, 2, 255, 4_096, 70_001, 1_000_000];
    const events = sizes.map((size) =>
      newEvent(clock, { body: randomBytes(size), foci: [`Patient/é-${size}`, `Observation/"${size}"`] }),
    );
    await Promise.all(events.map((event) => harness.journal.accept(MERCY, event)));
    await harness.reopen();
    const deliveries = await claimAll(harness.journal);
    for (const event of events) {
      const delivery = deliveries.find(({ summary }) => summary.id === event.summary.id);
      assert.ok(delivery !== undefined);
      assert.ok(delivery.content.body.equals(event.content.body), `${event.summary.bodyBytes} bytes`);
      assert.deepEqual(delivery.content.headers, event.content.headers);
      assert.deepEqual(delivery.content.foci, event.content.foci);
      assert.deepEqual(delivery.summary, event.summary);
    }
  });

  test('an event whose seal was damaged is dead-lettered with the reason; the others go on', async (t) => {
    const harness = await open(t);
    const { journal } = harness;
    const [damaged, behind, other] = await acceptAll(harness, [['Patient/1'], ['Patient/1'], ['Patient/2']]);
    assert.ok(damaged && behind && other);
    await harness.damage(damaged);
    assert.deepEqual(await claimIds(journal), [other]);
    assert.deepEqual(await claimIds(journal), [behind]);
    const { state, reason } = (await harness.event(organization, damaged)) ?? {};
    assert.deepEqual({ state, reason }, { state: 'dead', reason: 'seal-altered' });
  });
}
