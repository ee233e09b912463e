import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { DAY, HOUR } from '../../../src/kernel/clock.ts';
import type { EventId } from '../../../src/kernel/ids.ts';
import { SqliteJournal } from '../../../src/storage/journal/sqlite/sqlite-journal.ts';
import { assertChainSound, recordTexts } from '../../support/audit-chain.ts';
import { GRACE, MERCY, MERCY_LAB, newEvent, signedId } from '../../support/events.ts';
import { claimIds, claimOne, dead } from '../../support/settled.ts';
import { openSqliteHarness, type SqliteHarness } from '../../support/sqlite-harness.ts';

const { organization } = MERCY;
const MAINTAIN = [{ kind: 'maintain' }] as const;

function rows(harness: SqliteHarness, sql: string): number {
  return harness.behind((database) => Number(database.prepare(sql).get()?.n));
}

/** Puts every identity into the table at once, which the journal does little by little. */
function writeDedupeTable(harness: SqliteHarness): void {
  const windowMs = harness.settings.dedupeDays * DAY;
  harness.behind((database) =>
    database
      .prepare(
        `INSERT OR REPLACE INTO dedupe (key, event, digest, expires_at)
         SELECT dedupe_key, seq, digest, received_at + ? FROM event WHERE dedupe_key IS NOT NULL ORDER BY seq`,
      )
      .run(windowMs),
  );
}

test('maintenance drops expired dedupe rows, in order, and leaves young and renewed ones', async (t) => {
  const harness = await openSqliteHarness(t, { dedupeDays: 2 });
  const { journal, clock } = harness;
  const accept = (id: string) => journal.accept(MERCY, newEvent(clock, { identity: signedId(id) }));
  for (let index = 0; index < 450; index += 1) void accept(`old-${index}`);
  await journal.accept(MERCY, newEvent(clock));
  clock.advance(2 * DAY);
  await accept('old-7');
  clock.advance(HOUR);
  await accept('young');
  writeDedupeTable(harness);
  assert.equal(rows(harness, 'SELECT count(*) AS n FROM dedupe'), 451);
  harness.beside((beside) => {
    for (let round = 0; round < 4; round += 1) beside.commit([], MAINTAIN);
  });
  assert.equal(rows(harness, 'SELECT count(*) AS n FROM dedupe'), 2);
  assert.equal((await accept('old-7')).kind, 'duplicate');
  assert.equal((await accept('old-8')).kind, 'accepted');
});

test('one turn of maintenance is bounded, the next goes on from there', async (t) => {
  const harness = await openSqliteHarness(t, { dedupeDays: 2 });
  const { journal, clock } = harness;
  const old = Array.from({ length: 250 }, (_, index) => newEvent(clock, { identity: signedId(`${index}`) }));
  await Promise.all(old.map((event) => journal.accept(MERCY, event)));
  writeDedupeTable(harness);
  clock.advance(2 * DAY + 1);
  const left = () => rows(harness, 'SELECT count(*) AS n FROM dedupe');
  harness.beside((beside) => {
    beside.commit([], MAINTAIN);
    assert.equal(left(), 50);
    beside.commit([], MAINTAIN);
    assert.equal(left(), 0);
  });
});

test('a patient’s events are found before and after they are indexed, by organization', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const patients = ['Patient/a', 'Patient/b'];
  const both = newEvent(clock, { patients });
  await journal.accept(MERCY, both);
  await journal.accept(MERCY, newEvent(clock, { patients: ['Patient/b'] }));
  await journal.accept(MERCY, newEvent(clock));
  await journal.accept(GRACE, newEvent(clock, { scope: GRACE, patients }));
  const found = (patient: string) =>
    harness.beside((beside) => beside.reader.list({ organization, patient }, 10).map(({ id }) => id));
  const check = () => {
    assert.deepEqual(found('Patient/a'), [both.summary.id]);
    assert.equal(found('Patient/b').length, 2);
    assert.deepEqual(found('Patient/c'), []);
  };
  check();
  harness.beside((beside) => beside.commit([], MAINTAIN));
  assert.equal(rows(harness, 'SELECT count(*) AS n FROM subject'), 5);
  check();
  harness.beside((beside) => beside.commit([], MAINTAIN));
  assert.equal(rows(harness, 'SELECT count(*) AS n FROM subject'), 5);
});

test('a list is newest first, pages backwards, and shows no other organization', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const ids: EventId[] = [];
  for (const scope of [MERCY, MERCY_LAB, GRACE, MERCY, MERCY]) {
    const event = newEvent(clock, { scope });
    await journal.accept(scope, event);
    if (scope.organization === organization) ids.unshift(event.summary.id);
    clock.advance(HOUR);
  }
  harness.beside(({ reader }) => {
    const page = reader.list({ organization }, 3).map(({ id }) => id);
    assert.deepEqual(page, ids.slice(0, 3));
    const before = page.at(-1);
    assert.ok(before !== undefined);
    const next = reader.list({ organization, before }, 3);
    assert.deepEqual(
      next.map(({ id }) => id),
      ids.slice(3),
    );
    assert.equal(reader.count({ organization, source: MERCY_LAB.source }), 1);
    const foreign = reader.list({ organization: GRACE.organization }, 9)[0]?.id;
    assert.ok(foreign !== undefined);
    assert.equal(reader.find(organization, foreign), undefined);
    assert.equal(reader.content(organization, foreign), undefined);
  });
});

test('a rotated data key seals what comes, and what came before is still delivered', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  await journal.accept(MERCY, newEvent(clock, { body: 'before' }));
  assert.equal(
    harness.beside((beside) => beside.rotateDataKey(organization, 'operator:ada')),
    2,
  );
  await journal.accept(MERCY, newEvent(clock, { body: 'after' }));
  const keys = 'SELECT count(DISTINCT substr(sealed, 6, 16)) AS n FROM event';
  assert.equal(rows(harness, keys), 2);
  const { deliveries } = await journal.claim({ count: 9, bytes: 1_000 });
  assert.deepEqual(
    deliveries.map(({ content }) => content.body.toString()),
    ['before', 'after'],
  );
  const chain = await harness.chain(organization);
  assertChainSound(organization, chain);
  const record = recordTexts(chain)[1];
  assert.deepEqual(
    [record?.action, record?.actor, record?.detail],
    ['key.rotate', 'operator:ada', { generation: 2 }],
  );
});

test('a journal goes over to a new master key, and the old one can be taken out', async (t) => {
  const harness = await openSqliteHarness(t);
  const [old] = harness.settings.masterKeys;
  assert.ok(old !== undefined);
  const fresh = randomBytes(32);
  await harness.journal.accept(MERCY, newEvent(harness.clock, { body: 'kept' }));
  const reopenWith = async (...masterKeys: Uint8Array[]) => {
    await harness.close();
    harness.settings = { ...harness.settings, masterKeys };
    await harness.open();
  };
  await assert.rejects(reopenWith(fresh), { code: 'key-canary-mismatch' });
  await reopenWith(fresh, old);
  await reopenWith(fresh);
  assert.equal((await claimOne(harness.journal)).content.body.toString(), 'kept');
  await assert.rejects(reopenWith(old), { code: 'key-canary-mismatch' });
});

test('looking at a payload is audited before the content is handed out', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const event = newEvent(clock, { body: randomBytes(99) });
  await journal.accept(MERCY, event);
  const content = harness.beside((beside) =>
    beside.viewContent(organization, event.summary.id, 'operator:ada'),
  );
  assert.deepEqual(content?.body, event.content.body);
  const record = recordTexts(await harness.chain(organization))[1];
  assert.equal(
    `${record?.action} ${record?.actor} ${record?.target}`,
    `payload.view operator:ada event:${event.summary.id}`,
  );
  const unknown = newEvent(clock).summary.id;
  const none = harness.beside((beside) => beside.viewContent(organization, unknown, 'operator:ada'));
  assert.equal(none, undefined);
  assert.equal((await harness.chain(organization)).records.length, 2, 'nothing seen, nothing recorded');
});

test('the acceptance record binds the sealed bytes by their digest', async (t) => {
  const { createHash } = await import('node:crypto');
  const harness = await openSqliteHarness(t);
  await harness.journal.accept(MERCY, newEvent(harness.clock));
  const sealed = harness.behind((database) => database.prepare('SELECT sealed FROM event').get()?.sealed);
  const digest = createHash('sha256')
    .update(sealed as Uint8Array)
    .digest('base64url');
  assert.equal(recordTexts(await harness.chain(organization))[0]?.detail?.sealed, digest);
});

test('a command makes no journal', async (t) => {
  const harness = await openSqliteHarness(t);
  const settings = { ...harness.settings, path: `${harness.settings.path}-other` };
  assert.throws(() => new SqliteJournal(settings, harness.clock, 'companion'), {
    code: 'journal-missing',
    disposition: 'refuse',
  });
});

test('when each secret was last used is kept, to ten seconds', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const start = clock.now();
  const uses = () =>
    harness.behind((database) =>
      database
        .prepare('SELECT secret, last_matched_at - ? AS after FROM secret_use ORDER BY secret')
        .all(start),
    );
  const accept = (keyId: string) => journal.accept(MERCY, newEvent(clock, { keyId }));
  await accept('k1');
  clock.advance(9_999);
  await accept('k1');
  await accept('k2');
  assert.deepEqual(
    uses().map((row) => ({ ...row })),
    [
      { secret: 'k1', after: 0 },
      { secret: 'k2', after: 9_999 },
    ],
  );
  clock.advance(1);
  await accept('k1');
  assert.equal(uses()[0]?.after, 10_000);
});

test('a damaged event that cannot even be dead-lettered keeps no claim of the others', async (t) => {
  const harness = await openSqliteHarness(t);
  const { journal, clock } = harness;
  const [damaged, sound] = [newEvent(clock), newEvent(clock, { scope: GRACE })];
  await journal.accept(MERCY, damaged);
  await journal.accept(GRACE, sound);
  await harness.damage(damaged.summary.id);
  harness.behind((database) =>
    database.exec("CREATE TRIGGER no BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'no'); END"),
  );
  await assert.rejects(claimIds(journal), { disposition: 'retry' });
  harness.behind((database) => database.exec('DROP TRIGGER no'));
  assert.deepEqual(await claimIds(journal), [sound.summary.id]);
  await journal.settle(dead(sound.summary.id));
});
