import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GRACE, MERCY, newEvent } from '../../support/events.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { openSqliteHarness, type SqliteHarness } from '../../support/sqlite-harness.ts';

const RECORDS = 5;
const ORG = "(SELECT id FROM name WHERE text = 'mercy')";

/** A journal with five records of each of two organizations, closed. */
async function journal(t: TestContext): Promise<SqliteHarness> {
  const harness = await openSqliteHarness(t);
  for (let count = 0; count < RECORDS; count += 1) {
    for (const scope of [MERCY, GRACE])
      await harness.journal.accept(scope, newEvent(harness.clock, { scope }));
  }
  await harness.close();
  return harness;
}

async function verify(harness: SqliteHarness, ...more: string[]) {
  const environment = { variables: {}, execArgv: [], nodeVersion: '24.0.0', workingDirectory: '/' };
  const terminal = new FakeTerminal(environment, harness.clock);
  return terminal.run('audit', 'verify', '--journal', harness.settings.path, ...more);
}

test('exit status 0 and a count when every chain is intact, without any key or configuration', async (t) => {
  const harness = await journal(t);
  const { exit, out, errors } = await verify(harness);
  assert.equal(exit, 0);
  assert.equal(errors, '');
  assert.match(
    out,
    /^grace: intact, 5 records, head [0-9a-f]{64}\nmercy: intact, 5 records, head [0-9a-f]{64}\n/,
  );
  assert.match(out, /\nintact: 10 records in 2 chains$/);
});

const MERCY_HASH = `UPDATE audit SET hash = zeroblob(32) WHERE org = ${ORG}`;

/** What was done to the file, the exit status, and what is said of the chain. */
const TAMPERING: readonly (readonly [string, string, number, object])[] = [
  [
    'one byte of a record altered',
    `UPDATE audit SET bytes = CAST(replace(CAST(bytes AS TEXT), 'accept', 'bccept') AS BLOB) WHERE org = ${ORG} AND seq = 3`,
    1,
    { kind: 'altered', sequence: 3, records: 2 },
  ],
  ['a stored hash altered', `${MERCY_HASH} AND seq = 2`, 1, { kind: 'altered', sequence: 2, records: 1 }],
  [
    'two records exchanged',
    `UPDATE audit SET bytes = (SELECT bytes FROM audit AS other WHERE other.org = audit.org AND other.seq = 6 - audit.seq)
     WHERE org = ${ORG} AND seq IN (2, 4)`,
    1,
    { kind: 'altered', sequence: 2, records: 1 },
  ],
  [
    'the first record deleted',
    `DELETE FROM audit WHERE org = ${ORG} AND seq = 1`,
    2,
    { kind: 'gap', sequence: 1, records: 0 },
  ],
  [
    'a record in the middle deleted',
    `DELETE FROM audit WHERE org = ${ORG} AND seq = 3`,
    2,
    { kind: 'gap', sequence: 3, records: 2 },
  ],
  [
    'the tail deleted',
    `DELETE FROM audit WHERE org = ${ORG} AND seq > 3`,
    2,
    { kind: 'gap', sequence: 4, records: 3 },
  ],
  [
    'all records deleted',
    `DELETE FROM audit WHERE org = ${ORG}`,
    2,
    { kind: 'gap', sequence: 1, records: 0 },
  ],
  [
    'the head deleted',
    `DELETE FROM audit_head WHERE org = ${ORG}`,
    2,
    { kind: 'gap', sequence: 6, records: 5 },
  ],
  [
    'the hash of the head altered',
    `UPDATE audit_head SET hash = zeroblob(32) WHERE org = ${ORG}`,
    1,
    { kind: 'altered', sequence: 5, records: 5 },
  ],
  [
    'the head set back',
    `UPDATE audit_head SET seq = 4 WHERE org = ${ORG}`,
    1,
    { kind: 'altered', sequence: 5, records: 5 },
  ],
  [
    'the head set forward',
    `UPDATE audit_head SET seq = 6 WHERE org = ${ORG}`,
    2,
    { kind: 'gap', sequence: 6, records: 5 },
  ],
];

for (const [what, sql, status, verdict] of TAMPERING) {
  test(`exit status ${status} for ${what}; the other chain is intact`, async (t) => {
    const harness = await journal(t);
    harness.behind((database) => database.exec(sql));
    const { exit, out } = await verify(harness, '--json');
    assert.equal(exit, status);
    const report = JSON.parse(out) as { intact: boolean; chains: { organization: string; kind: string }[] };
    assert.equal(report.intact, false);
    assert.equal(report.chains[0]?.kind, 'intact');
    assert.deepEqual(report.chains[1], { organization: 'mercy', ...verdict });
    assert.match((await verify(harness)).out, /NOT intact$/);
    assert.equal((await verify(harness, '--org', 'grace')).exit, 0);
    assert.equal((await verify(harness, '--org', 'mercy')).exit, status);
  });
}

test('a record altered in one chain counts more than a gap in another', async (t) => {
  const harness = await journal(t);
  harness.behind((database) =>
    database.exec(`DELETE FROM audit WHERE org <> ${ORG} AND seq = 2; ${MERCY_HASH}`),
  );
  assert.equal((await verify(harness)).exit, 1);
});

test('a chain whose organization’s name was altered does not pass', async (t) => {
  const harness = await journal(t);
  harness.behind((database) => database.exec("UPDATE name SET text = 'nercy' WHERE text = 'mercy'"));
  assert.equal((await verify(harness)).exit, 1);
  harness.behind((database) => database.exec("DELETE FROM name WHERE text = 'nercy'"));
  assert.equal((await verify(harness)).exit, 1);
});

test('an organization without a chain is an error, not an intact chain', async (t) => {
  const { exit, out, errors } = await verify(await journal(t), '--org', 'marcy');
  assert.equal(exit, 70);
  assert.equal(out, '');
  assert.match(errors, /marcy/);
});

test('a journal that is not there is an error, not an intact chain', async (t) => {
  const harness = await journal(t);
  harness.settings = { ...harness.settings, path: `${harness.settings.path}-other` };
  const { exit, errors } = await verify(harness);
  assert.equal(exit, 70);
  assert.match(errors, /\[journal-missing\]$/);
});
