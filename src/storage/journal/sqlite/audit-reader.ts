import type { DatabaseSync } from 'node:sqlite';
import { type ChainVerdict, verifyChain } from '../../../audit/verify.ts';
import type { OrganizationId } from '../../../kernel/ids.ts';
import { Query } from './database.ts';

type RecordRow = { sequence: number; bytes: Uint8Array; hash: Uint8Array };

export interface ChainReport {
  readonly organization: OrganizationId;
  readonly verdict: ChainVerdict;
}

/**
 * Verifies the audit chains of a journal file; needs no key and no running gateway.
 * @param only one organization, or undefined for every chain in the file.
 */
export function verifyAuditChains(database: DatabaseSync, only: OrganizationId | undefined): ChainReport[] {
  database.exec('BEGIN');
  try {
    return chains(database)
      .filter(({ text }) => only === undefined || text === only)
      .map(({ id, text }) => ({
        organization: text as OrganizationId,
        verdict: verifyOne(database, id, text as OrganizationId),
      }));
  } finally {
    database.exec('COMMIT');
  }
}

/** A chain whose head was deleted still has records, and one whose records were deleted still has a head. */
function chains(database: DatabaseSync): { id: number; text: string }[] {
  const sql = `SELECT id, coalesce(text, '?' || id) AS text
    FROM (SELECT org AS id FROM audit_head UNION SELECT DISTINCT org FROM audit) LEFT JOIN name USING (id) ORDER BY text`;
  return new Query<[], { id: number; text: string }>(database, sql).all();
}

function verifyOne(database: DatabaseSync, id: number, organization: OrganizationId): ChainVerdict {
  const records = new Query<[number], RecordRow>(
    database,
    'SELECT seq AS sequence, bytes, hash FROM audit WHERE org = ? ORDER BY seq',
  );
  const head = new Query<[number], { seq: number; hash: Uint8Array }>(
    database,
    'SELECT seq, hash FROM audit_head WHERE org = ?',
  ).get(id);
  return verifyChain(
    organization,
    records.iterate(id),
    head === undefined ? undefined : { sequence: head.seq, hash: head.hash },
  );
}
