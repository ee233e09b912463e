import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR } from '../../src/kernel/clock.ts';
import { assertChainSound, recordTexts } from '../support/audit-chain.ts';
import { GRACE, MERCY, MERCY_LAB, newEvent } from '../support/events.ts';
import { claimAll, claimIds, claimOne, dead, delivered, retry } from '../support/settled.ts';
import type { JournalAdapter } from './harness.ts';

const { organization } = MERCY;
const OPERATOR = 'operator:test';

export function replayContract(open: JournalAdapter): void {
  test('a replay goes to the end of its lane, with attempt 1, a fresh budget, and the mark of a replay', async (t) => {
    const { journal, clock } = await open(t);
    const foci = ['Observation/1'];
    const body = Buffer.from([0xef, 0xbb, 0xbf, 0x00, 0xff, 0x0a]);
    const first = newEvent(clock, { foci, body });
    const second = newEvent(clock, { foci });
    await journal.accept(MERCY, first);
    await journal.accept(MERCY, second);
    await claimOne(journal);
    await journal.settle(retry(first.summary.id, clock.now(), 1));
    await claimOne(journal);
    await journal.settle(dead(first.summary.id, 2));
    const report = await journal.replay({ organization, ids: [first.summary.id] }, OPERATOR);
    assert.deepEqual(report, { taken: 1, pending: 0 });
    assert.equal((await claimOne(journal)).summary.id, second.summary.id);
    await journal.settle(delivered(second.summary.id));
    const again = await claimOne(journal);
    assert.equal(again.summary.id, first.summary.id);
    const { attempt, spentAttempts, replay } = again;
    assert.deepEqual({ attempt, spentAttempts, replay }, { attempt: 1, spentAttempts: 0, replay: true });
    assert.deepEqual(again.content.body, body);
  });

  test('events that wait already are left alone and counted', async (t) => {
    const { journal, clock } = await open(t);
    const events = [newEvent(clock), newEvent(clock), newEvent(clock)];
    for (const event of events) await journal.accept(MERCY, event);
    const [one] = await claimIds(journal, { count: 1 });
    assert.ok(one !== undefined);
    await journal.settle(delivered(one));
    const filter = { organization, source: MERCY.source };
    assert.deepEqual(await journal.preview(filter), { taken: 1, pending: 2 });
    assert.deepEqual(await journal.replay(filter, OPERATOR), { taken: 1, pending: 2 });
    assert.deepEqual(await journal.replay(filter, OPERATOR), { taken: 0, pending: 3 });
    const claimed = await claimAll(journal);
    assert.deepEqual(claimed.map(({ replay }) => replay).sort(), [false, false, true]);
  });

  test('what is in quarantine or was consumed goes out only when the filter names that state', async (t) => {
    const { journal, clock } = await open(t);
    for (const state of ['quarantined', 'consumed'] as const) {
      await journal.accept(MERCY, newEvent(clock, { state }));
    }
    const filter = { organization, source: MERCY.source };
    assert.deepEqual(await journal.preview(filter), { taken: 0, pending: 0 });
    assert.deepEqual(await journal.replay(filter, OPERATOR), { taken: 0, pending: 0 });
    assert.deepEqual(await claimAll(journal), []);
    const named = { ...filter, state: 'quarantined' } as const;
    assert.deepEqual(await journal.preview(named), { taken: 1, pending: 0 });
    assert.deepEqual(await journal.replay(named, OPERATOR), { taken: 1, pending: 0 });
    assert.equal((await claimAll(journal)).length, 1);
  });

  test('a replay without an end takes what was received until now only', async (t) => {
    const { journal, clock } = await open(t);
    const later = newEvent(clock);
    const received = { ...later, summary: { ...later.summary, receivedAt: clock.now() + HOUR } };
    await journal.accept(MERCY, received);
    clock.advance(2 * HOUR);
    await claimOne(journal);
    await journal.settle(dead(received.summary.id));
    clock.advance(-2 * HOUR);
    assert.deepEqual(await journal.replay({ organization, state: 'dead' }, OPERATOR), {
      taken: 0,
      pending: 0,
    });
  });

  test('a preview changes nothing and says what the replay then does', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const event = newEvent(clock);
    await journal.accept(MERCY, event);
    await claimOne(journal);
    await journal.settle(dead(event.summary.id));
    const filter = { organization, state: 'dead' } as const;
    const before = await harness.chain(organization);
    assert.deepEqual(await journal.preview(filter), { taken: 1, pending: 0 });
    assert.deepEqual(await harness.chain(organization), before);
    assert.deepEqual(await claimIds(journal), []);
    assert.equal((await harness.event(organization, event.summary.id))?.state, 'dead');
  });

  test('a filter by source, state, time, type and patient takes what it names and no other tenant’s', async (t) => {
    const { journal, clock } = await open(t);
    const patients = ['Patient/p-1'];
    const early = newEvent(clock, { patients });
    await journal.accept(MERCY, early);
    clock.advance(HOUR);
    const cutoff = clock.now();
    const lab = newEvent(clock, { scope: MERCY_LAB, type: 'fhir.resource.changed' });
    await journal.accept(MERCY_LAB, lab);
    const foreign = newEvent(clock, { scope: GRACE, patients });
    await journal.accept(GRACE, foreign);
    for (const id of await claimIds(journal)) await journal.settle(delivered(id));
    const taken = async (filter: object) => (await journal.preview({ organization, ...filter })).taken;
    assert.equal(await taken({}), 2);
    assert.equal(await taken({ source: MERCY_LAB.source }), 1);
    assert.equal(await taken({ source: 'unheard-of' }), 0);
    assert.equal(await taken({ type: 'fhir.resource.changed' }), 1);
    assert.equal(await taken({ receivedFrom: cutoff }), 1);
    assert.equal(await taken({ receivedTo: cutoff }), 1);
    assert.equal(await taken({ patient: 'Patient/p-1' }), 1);
    assert.equal(await taken({ patient: 'Patient/p-2' }), 0);
    assert.equal(await taken({ ids: [foreign.summary.id] }), 0, 'another organization’s event is not there');
    assert.equal(await taken({ state: 'dead' }), 0);
    await journal.replay({ organization, patient: 'Patient/p-1' }, OPERATOR);
    assert.deepEqual(await claimIds(journal), [early.summary.id]);
  });

  test('many events are replayed in their order, each with a record under the name of who asked', async (t) => {
    const harness = await open(t);
    const { journal, clock } = harness;
    const foci = ['Patient/1'];
    const events = Array.from({ length: 1_100 }, () => newEvent(clock, { foci, state: 'quarantined' }));
    await Promise.all(events.map((event) => journal.accept(MERCY, event)));
    const report = await journal.replay({ organization, state: 'quarantined' }, OPERATOR);
    assert.deepEqual(report, { taken: events.length, pending: 0 });
    for (const event of events.slice(0, 5)) {
      assert.equal((await claimOne(journal)).summary.id, event.summary.id);
      await journal.settle(delivered(event.summary.id));
    }
    const chain = await harness.chain(organization);
    assertChainSound(organization, chain);
    const replays = recordTexts(chain).filter(({ action }) => action === 'event.replay');
    assert.deepEqual(
      replays.map(({ target }) => target),
      events.map(({ summary }) => `event:${summary.id}`),
    );
    assert.ok(replays.every(({ actor, outcome }) => actor === OPERATOR && outcome === 'success'));
  });
}
