import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { verifyAuditChains } from '../../../src/storage/journal/sqlite/audit-reader.ts';
import { SqliteJournal } from '../../../src/storage/journal/sqlite/sqlite-journal.ts';
import { assertChainSound, recordTexts } from '../../support/audit-chain.ts';
import { MERCY, newEvent, signedId } from '../../support/events.ts';
import { claimAll, claimIds, claimOne, dead, delivered } from '../../support/settled.ts';
import { openSqliteHarness } from '../../support/sqlite-harness.ts';

const { organization } = MERCY;
const OPERATOR = 'operator:ada';
const ROUNDS = 30;

test('a command replays and audits while the gateway writes: one sound chain, nothing lost', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const first = newEvent(clock, { foci: ['Patient/1'] });
  await journal.accept(MERCY, first);
  await claimOne(journal);
  await journal.settle(dead(first.summary.id));
  const companion = new SqliteJournal(harness.settings, clock, 'companion');
  t.after(() => companion.close());
  const filter = { organization, state: 'dead' } as const;
  let [replayed, accepted] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    const accepts = Array.from({ length: 20 }, (_, index) =>
      journal.accept(
        MERCY,
        newEvent(clock, { identity: signedId(`${round}-${index}`), foci: ['Patient/2'] }),
      ),
    );
    await turn();
    const [chunk] = companion.commit([], [{ kind: 'replay', filter, actor: OPERATOR, after: 0 }]).written;
    replayed += chunk?.taken ?? 0;
    companion.viewContent(organization, first.summary.id, OPERATOR);
    const results = await Promise.all(accepts);
    accepted += results.filter(({ kind }) => kind === 'accepted').length;
    const again = (await claimAll(journal)).find(({ summary }) => summary.id === first.summary.id);
    assert.equal(again?.replay, true, `round ${round}: the gateway claims what was replayed`);
    await journal.settle(dead(first.summary.id));
  }
  assert.deepEqual([replayed, accepted], [ROUNDS, ROUNDS * 20]);
  const chain = await harness.chain(organization);
  assertChainSound(organization, chain);
  const actions = Object.groupBy(recordTexts(chain), ({ action }) => action);
  assert.equal(actions['event.accept']?.length, ROUNDS * 20 + 1);
  assert.equal(actions['event.replay']?.length, ROUNDS);
  assert.equal(actions['payload.view']?.length, ROUNDS);
  assert.equal(actions['delivery.dead-letter']?.length, ROUNDS + 1);
});

test('a command’s replay queues behind what the gateway accepted since, in the same lane', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const foci = ['Patient/1'];
  const [first, second] = [newEvent(clock, { foci }), newEvent(clock, { foci })];
  await journal.accept(MERCY, first);
  await claimOne(journal);
  await journal.settle(delivered(first.summary.id));
  const companion = new SqliteJournal(harness.settings, clock, 'companion');
  t.after(() => companion.close());
  await journal.accept(MERCY, second);
  const filter = { organization, ids: [first.summary.id] };
  companion.commit([], [{ kind: 'replay', filter, actor: OPERATOR, after: 0 }]);
  const third = newEvent(clock, { foci });
  await journal.accept(MERCY, third);
  for (const { summary } of [second, first, third]) {
    assert.deepEqual(await claimIds(journal), [summary.id]);
    await journal.settle(delivered(summary.id));
  }
});

test('chains verify, read-only and without keys, while the gateway writes', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  let writing = true;
  const writer = (async () => {
    while (writing) await Promise.all([1, 2, 3].map(() => journal.accept(MERCY, newEvent(clock))));
  })();
  let records = 0;
  while (records < 300) {
    const reports = await verifyAuditChains(harness.settings.path, undefined);
    for (const { verdict } of reports) assert.equal(verdict.kind, 'intact');
    records = reports[0]?.verdict.records ?? 0;
    await turn();
  }
  writing = false;
  await writer;
});
