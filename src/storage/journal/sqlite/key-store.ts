import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../kernel/errors.ts';
import type { OrganizationId } from '../../../kernel/ids.ts';
import { type KeyStore, makeCanary, readCanary, type StoredKey } from '../../../privacy/keyring.ts';
import { openJournalReadOnly, Query } from './database.ts';

type KeyRow = {
  organization: string;
  purpose: string;
  generation: number;
  wrapped: Uint8Array;
  created_at: number;
};

/** Wrapped data keys, in the journal itself: what they seal and they travel together. */
export class SqliteKeyStore implements KeyStore {
  readonly #load: Query<[], KeyRow>;
  readonly #save: Query<[string, string, number, Uint8Array, number], never>;
  readonly #rewrap: Query<[Uint8Array, string, string, number], never>;

  constructor(database: DatabaseSync) {
    this.#load = new Query(
      database,
      'SELECT organization, purpose, generation, wrapped, created_at FROM data_key',
    );
    this.#save = new Query(
      database,
      'INSERT INTO data_key (organization, purpose, generation, wrapped, created_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#rewrap = new Query(
      database,
      'UPDATE data_key SET wrapped = ? WHERE organization = ? AND purpose = ? AND generation = ?',
    );
  }

  loadKeys(): readonly StoredKey[] {
    return this.#load.all().map((row) => ({
      organization: row.organization as OrganizationId,
      purpose: row.purpose === 'index' ? 'index' : 'data',
      generation: row.generation,
      wrapped: row.wrapped,
      createdAt: row.created_at,
    }));
  }

  saveKey(key: StoredKey): void {
    this.#save.run(key.organization, key.purpose, key.generation, key.wrapped, key.createdAt);
  }

  replaceWrapping(key: StoredKey): void {
    this.#rewrap.run(key.wrapped, key.organization, key.purpose, key.generation);
  }
}

/**
 * Opens the canary of this journal, or makes it when the journal is new; wraps it anew when an older master key made it.
 * @throws GatewayError `key-canary-mismatch`: the master key is not this journal's.
 */
export function checkCanary(database: DatabaseSync, masters: readonly Buffer[]): void {
  const [current] = masters;
  if (current === undefined) throw new RangeError('a master key is needed');
  const save = new Query<[Uint8Array], never>(
    database,
    "INSERT OR REPLACE INTO meta (key, value) VALUES ('canary', ?)",
  );
  const canary = findCanary(database);
  const reading = canary === undefined ? 'previous' : readCanary(masters, canary.value);
  if (reading === 'mismatch') throw canaryMismatch();
  if (reading === 'previous') save.run(makeCanary(current));
}

/** Whether the master keys open an existing journal, without changing it. @throws GatewayError `key-canary-mismatch`. */
export function checkCanaryReadOnly(path: string, masters: readonly Buffer[]): void {
  const database = openJournalReadOnly(path);
  try {
    const canary = findCanary(database);
    if (canary !== undefined && readCanary(masters, canary.value) === 'mismatch') throw canaryMismatch();
  } finally {
    database.close();
  }
}

function findCanary(database: DatabaseSync): { value: Uint8Array } | undefined {
  return new Query<[], { value: Uint8Array }>(database, "SELECT value FROM meta WHERE key = 'canary'").get();
}

function canaryMismatch(): GatewayError {
  return new GatewayError(
    'key-canary-mismatch',
    'park',
    'keys.master does not open this journal; restore the key that made it, or name it in keys.previousMasters',
  );
}
