import { DatabaseSync } from 'node:sqlite';
import type { RecordText, StoredChain } from './audit-chain.ts';

type RecordRow = { seq: number; bytes: Uint8Array; hash: Uint8Array };

/** Reads the audit chain of one organization from a journal file, without the product's code. */
export function readChain(path: string, organization: string): StoredChain {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    const name = database.prepare('SELECT id FROM name WHERE text = ?').get(organization);
    const org = Number(name?.id ?? 0);
    const rows = database
      .prepare('SELECT seq, bytes, hash FROM audit WHERE org = ? ORDER BY seq')
      .all(org) as unknown as RecordRow[];
    const head = database.prepare('SELECT seq, hash FROM audit_head WHERE org = ?').get(org);
    return {
      records: rows.map(({ seq, bytes, hash }) => ({ sequence: seq, bytes, hash })),
      head: head === undefined ? undefined : { sequence: Number(head.seq), hash: head.hash as Uint8Array },
    };
  } finally {
    database.close();
  }
}

/** Events that records of an action speak of, each as often as it is spoken of. */
export function eventsOf(records: readonly RecordText[], action: string): string[] {
  return records
    .filter((record) => record.action === action)
    .map(({ target }) => target.replace(/^event:/, ''));
}
