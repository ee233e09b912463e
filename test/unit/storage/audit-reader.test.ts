import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { verifyAuditChains } from '../../../src/storage/journal/sqlite/audit-reader.ts';
import { SCHEMA } from '../../../src/storage/journal/sqlite/schema.ts';
import { chainHash } from '../../support/audit-chain.ts';

/** Long enough to be verified in two parts at once. */
const LENGTH = 50_000;
const folder = mkdtempSync(join(tmpdir(), 'portcullis-chain-'));
const path = join(folder, 'journal.db');
const MERCY = 'mercy' as OrganizationId;
let head = '';

before(() => {
  const database = new DatabaseSync(path);
  database.exec(`${SCHEMA}; INSERT INTO name (id, text) VALUES (1, '${MERCY}'); BEGIN`);
  const insert = database.prepare('INSERT INTO audit (org, seq, at, bytes, hash) VALUES (1, ?, 0, ?, ?)');
  let hash: Buffer = Buffer.alloc(32);
  for (let sequence = 1; sequence <= LENGTH; sequence += 1) {
    const bytes = Buffer.from(`{"seq":${sequence}}`);
    hash = chainHash(MERCY, sequence, hash, bytes);
    insert.run(sequence, bytes, hash);
  }
  database.prepare('INSERT INTO audit_head (org, seq, hash) VALUES (1, ?, ?)').run(LENGTH, hash);
  database.exec('COMMIT');
  database.close();
  head = hash.toString('hex');
});

after(() => rmSync(folder, { recursive: true }));

/** The verdict on the chain as it is after a change, which is taken back. */
async function verdictAfter(change: string) {
  const database = new DatabaseSync(path);
  database.exec('DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM audit WHERE 0');
  database.exec(
    'CREATE TEMP TRIGGER keep BEFORE UPDATE ON audit BEGIN INSERT INTO kept SELECT OLD.org, OLD.seq, OLD.at, OLD.bytes, OLD.hash; END',
  );
  database.exec(
    'CREATE TEMP TRIGGER lose BEFORE DELETE ON audit BEGIN INSERT INTO kept SELECT OLD.org, OLD.seq, OLD.at, OLD.bytes, OLD.hash; END',
  );
  database.exec(change);
  const reports = await verifyAuditChains(path, MERCY);
  database.exec('DROP TRIGGER keep; DROP TRIGGER lose; INSERT OR REPLACE INTO audit SELECT * FROM kept');
  database.close();
  return reports[0]?.verdict;
}

const HALF = LENGTH / 2;

test('a long chain is intact, with its head', async () => {
  assert.deepEqual(await verifyAuditChains(path, undefined), [
    { organization: MERCY, verdict: { kind: 'intact', records: LENGTH, head } },
  ]);
});

for (const at of [1, 2, HALF - 1, HALF, HALF + 1, HALF + 2, LENGTH - 1, LENGTH]) {
  test(`an altered record, hash or missing record at ${at} of ${LENGTH} is found there`, async () => {
    const altered = { kind: 'altered', sequence: at, records: at - 1 };
    const change = (set: string) => `UPDATE audit SET ${set} WHERE seq = ${at}`;
    assert.deepEqual(await verdictAfter(change("bytes = CAST('{}' AS BLOB)")), altered);
    assert.deepEqual(await verdictAfter(change('hash = zeroblob(32)')), altered);
    const gap = { kind: 'gap', sequence: at, records: at - 1 };
    assert.deepEqual(await verdictAfter(`DELETE FROM audit WHERE seq = ${at}`), gap);
  });
}

test('of two faults, one in each half, the first is told', async () => {
  const change = `UPDATE audit SET hash = zeroblob(32) WHERE seq IN (7, ${HALF + 7})`;
  assert.deepEqual(await verdictAfter(change), { kind: 'altered', sequence: 7, records: 6 });
});
