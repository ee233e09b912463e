import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import {
  type ChainHead,
  type ChainVerdict,
  type StoredAuditRecord,
  verifyChain,
} from '../../../audit/verify.ts';
import type { OrganizationId } from '../../../kernel/ids.ts';
import { openJournalReadOnly, Query } from './database.ts';

export interface ChainReport {
  readonly organization: OrganizationId;
  readonly verdict: ChainVerdict;
}

/** A part of a chain: the records after one whose hash is given, to the head. Crosses to the verifying thread. */
export interface ChainPart {
  readonly path: string;
  readonly org: number;
  readonly organization: OrganizationId;
  readonly after: ChainHead;
  readonly head: ChainHead;
}

type Chain = {
  readonly org: number;
  readonly organization: OrganizationId;
  readonly head: ChainHead | undefined;
};
type RecordRow = [sequence: number, bytes: Uint8Array, hash: Uint8Array];

/** Chains at least this long are verified in two halves at once. */
const SPLIT_RECORDS = 50_000;

/**
 * Verifies the audit chains of a journal file; needs no key and no running gateway, and disturbs none.
 * @param only one organization, or undefined for every chain in the file.
 * @throws GatewayError `journal-missing`.
 */
export async function verifyAuditChains(
  path: string,
  only: OrganizationId | undefined,
): Promise<ChainReport[]> {
  const database = openJournalReadOnly(path);
  try {
    // One snapshot for all of it: what a running gateway appends meanwhile is not looked at.
    database.exec('BEGIN');
    const reports: ChainReport[] = [];
    for (const chain of chains(database)) {
      if (only !== undefined && chain.organization !== only) continue;
      reports.push({ organization: chain.organization, verdict: await verifyOne(database, path, chain) });
    }
    return reports;
  } finally {
    database.close();
  }
}

/** A chain whose head was deleted still has records, and one whose records were deleted still has a head. */
function chains(database: DatabaseSync): Chain[] {
  const sql = `SELECT id AS org, coalesce(text, '?' || id) AS organization, seq, hash
    FROM (SELECT org AS id FROM audit_head UNION SELECT DISTINCT org FROM audit)
    LEFT JOIN name USING (id) LEFT JOIN audit_head ON audit_head.org = id ORDER BY organization`;
  type Row = { org: number; organization: string; seq: number | null; hash: Uint8Array | null };
  return new Query<[], Row>(database, sql).all().map(({ org, organization, seq, hash }) => ({
    org,
    organization: organization as OrganizationId,
    head: seq === null || hash === null ? undefined : { sequence: seq, hash },
  }));
}

async function verifyOne(database: DatabaseSync, path: string, chain: Chain): Promise<ChainVerdict> {
  const { org, organization, head } = chain;
  const last = new Query<[number], { last: number | null }>(
    database,
    'SELECT max(seq) AS last FROM audit WHERE org = ?',
  );
  const whole = () => verifyChain(organization, storedRecords(database, org), head);
  if (head === undefined || head.sequence < SPLIT_RECORDS || last.get(org)?.last !== head.sequence)
    return whole();
  const middle = hashAt(database, org, Math.floor(head.sequence / 2));
  if (middle === undefined) return whole();
  const second = verifyInThread({ path, org, organization, after: middle, head });
  const first = verifyChain(organization, storedRecords(database, org, 0, middle.sequence), middle);
  const rest = await second;
  return first.kind === 'intact' ? rest : first;
}

function hashAt(database: DatabaseSync, org: number, sequence: number): ChainHead | undefined {
  const query = new Query<[number, number], { hash: Uint8Array }>(
    database,
    'SELECT hash FROM audit WHERE org = ? AND seq = ?',
  );
  const row = query.get(org, sequence);
  return row === undefined ? undefined : { sequence, hash: row.hash };
}

async function verifyInThread(part: ChainPart): Promise<ChainVerdict> {
  const worker = new Worker(new URL('./audit-verify-thread.ts', import.meta.url), { workerData: part });
  const [verdict] = (await once(worker, 'message')) as [ChainVerdict];
  return verdict;
}

/** Verifies the records of one part; its first hash is taken as given. */
export function verifyPart({ path, org, organization, after, head }: ChainPart): ChainVerdict {
  const database = openJournalReadOnly(path);
  try {
    return verifyChain(
      organization,
      storedRecords(database, org, after.sequence, head.sequence),
      head,
      after,
    );
  } finally {
    database.close();
  }
}

function* storedRecords(
  database: DatabaseSync,
  org: number,
  after = 0,
  to = Number.MAX_SAFE_INTEGER,
): Iterable<StoredAuditRecord> {
  const query = new Query<[number, number, number], never>(
    database,
    'SELECT seq, bytes, hash FROM audit WHERE org = ? AND seq > ? AND seq <= ? ORDER BY seq',
  );
  for (const [sequence, bytes, hash] of query.iterateArrays(org, after, to) as Iterable<RecordRow>) {
    yield { sequence, bytes, hash };
  }
}
