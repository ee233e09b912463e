import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { auditRecordBytes, CHAIN_START, ChainHasher } from '../../../src/audit/chain.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { verifyAuditChains } from '../../../src/storage/journal/sqlite/audit-reader.ts';
import { openJournalDatabase } from '../../../src/storage/journal/sqlite/database.ts';

/** Long enough to be verified in two halves at once. */
const RECORDS = 60_001;
const MIDDLE = 30_000;
const mercy = 'mercy' as OrganizationId;

let folder: string;
let path: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-audit-'));
  path = join(folder, 'journal.db');
  fill(path);
});

after(() => rmSync(folder, { recursive: true, force: true }));

function fill(file: string): void {
  const database = openJournalDatabase(file, 'owner');
  const insert = database.prepare('INSERT INTO audit (org, seq, at, bytes, hash) VALUES (1, ?, 0, ?, ?)');
  const hasher = new ChainHasher(mercy, CHAIN_START);
  database.exec("BEGIN; INSERT INTO name (id, text) VALUES (1, 'mercy')");
  for (let sequence = 1; sequence <= RECORDS; sequence += 1) {
    const entry = { action: 'event.accept', actor: 'gateway', target: 'x', outcome: 'success' } as const;
    const bytes = auditRecordBytes(mercy, sequence, 0, entry);
    insert.run(sequence, bytes, hasher.next(sequence, bytes));
  }
  database.prepare('INSERT INTO audit_head (org, seq, hash) VALUES (1, ?, ?)').run(RECORDS, hasher.hash);
  database.exec('COMMIT');
  database.close();
}

/** Runs a change on the file, looks at the verdict, and takes the change back. */
async function verdictAfter(change: string): Promise<{ kind: string; sequence?: number }> {
  const database = new DatabaseSync(path);
  const kept = database.prepare('SELECT * FROM audit WHERE seq BETWEEN ? AND ?').all(MIDDLE - 1, MIDDLE + 2);
  database.exec(change);
  const [report] = await verifyAuditChains(path, undefined);
  database.exec(`DELETE FROM audit WHERE seq BETWEEN ${MIDDLE - 1} AND ${MIDDLE + 2}`);
  const restore = database.prepare('INSERT INTO audit (org, seq, at, bytes, hash) VALUES (?, ?, ?, ?, ?)');
  for (const row of kept) restore.run(...Object.values(row));
  database.close();
  assert.ok(report !== undefined);
  const { kind } = report.verdict;
  return kind === 'intact' ? { kind } : { kind, sequence: report.verdict.sequence };
}

test('a long chain that nobody touched is intact', async () => {
  const reports = await verifyAuditChains(path, mercy);
  assert.equal(reports.length, 1);
  assert.equal(reports[0]?.verdict.kind, 'intact');
  assert.equal(reports[0]?.verdict.records, RECORDS);
});

for (const sequence of [MIDDLE - 1, MIDDLE, MIDDLE + 1, MIDDLE + 2]) {
  test(`an altered record at ${sequence} is found, whichever half it lies in`, async () => {
    const altered = await verdictAfter(`UPDATE audit SET bytes = x'00' WHERE seq = ${sequence}`);
    assert.deepEqual(altered, { kind: 'altered', sequence });
  });

  test(`an altered hash at ${sequence} is found, whichever half it lies in`, async () => {
    const altered = await verdictAfter(`UPDATE audit SET hash = zeroblob(32) WHERE seq = ${sequence}`);
    assert.deepEqual(altered, { kind: 'altered', sequence });
  });

  test(`a missing record at ${sequence} is a gap, whichever half it lies in`, async () => {
    const gap = await verdictAfter(`DELETE FROM audit WHERE seq = ${sequence}`);
    assert.deepEqual(gap, { kind: 'gap', sequence });
  });
}
