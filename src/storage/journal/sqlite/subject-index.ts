import type { DatabaseSync } from 'node:sqlite';
import type { HmacSha256 } from '../../../kernel/hmac-sha256.ts';
import { blindIndex } from '../../../privacy/blind-index.ts';
import { Query } from './database.ts';

const TOKEN_BYTES = 16;
const CHUNK = 2_000;

/** Blind-index tokens of the patients an event concerns, one after the other; null for none. */
export function packSubjects(indexKey: HmacSha256, patients: readonly string[]): Buffer | null {
  if (patients.length === 0) return null;
  return Buffer.concat(patients.map((patient) => patientToken(indexKey, patient)));
}

export function patientToken(indexKey: HmacSha256, patient: string): Buffer {
  return blindIndex(indexKey, 'patient', patient, TOKEN_BYTES);
}

/**
 * Fills the patient index behind the acceptances, in sorted chunks: a random page write for every event would cost the
 * accept path more than all else together. A search looks at the events that are not yet indexed, too.
 */
export class SubjectIndex {
  readonly #unindexed: Query<[number, number], { seq: number; subjects: Uint8Array | null }>;
  readonly #insert: Query<[Uint8Array, number], never>;
  readonly #progress: Query<[], { value: Uint8Array }>;
  readonly #saveProgress: Query<[Uint8Array], never>;

  constructor(database: DatabaseSync) {
    this.#unindexed = new Query(
      database,
      'SELECT seq, subjects FROM event WHERE seq > ? ORDER BY seq LIMIT ?',
    );
    this.#insert = new Query(database, 'INSERT OR IGNORE INTO subject (token, event) VALUES (?, ?)');
    this.#progress = new Query(database, "SELECT value FROM meta WHERE key = 'subjects-indexed'");
    this.#saveProgress = new Query(
      database,
      "INSERT OR REPLACE INTO meta (key, value) VALUES ('subjects-indexed', ?)",
    );
  }

  /** Every event up to this row is indexed. */
  get indexedTo(): number {
    const row = this.#progress.get();
    return row === undefined ? 0 : Number(Buffer.from(row.value).toString('latin1'));
  }

  /** Indexes a bounded number of events, within the caller's transaction. */
  advance(): void {
    const rows = this.#unindexed.all(this.indexedTo, CHUNK);
    const last = rows.at(-1);
    if (last === undefined) return;
    const entries = rows.flatMap(({ seq, subjects }) => tokens(subjects).map((token) => ({ token, seq })));
    entries.sort((a, b) => a.token.compare(b.token));
    for (const { token, seq } of entries) this.#insert.run(token, seq);
    this.#saveProgress.run(Buffer.from(String(last.seq), 'latin1'));
  }
}

function tokens(subjects: Uint8Array | null): Buffer[] {
  if (subjects === null) return [];
  const bytes = Buffer.from(subjects.buffer, subjects.byteOffset, subjects.byteLength);
  return Array.from({ length: bytes.length / TOKEN_BYTES }, (_, index) =>
    bytes.subarray(index * TOKEN_BYTES, (index + 1) * TOKEN_BYTES),
  );
}
