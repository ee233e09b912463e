import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { GatewayError } from '../../../kernel/errors.ts';
import { SCHEMA, SCHEMA_VERSION } from './schema.ts';

const BUSY_TIMEOUT_MS = 5_000;
/** Pages of the write-ahead log from which on it is folded back: enough that a page written often is copied once, and few
 *  enough that the fold, which the next commit waits for, takes about 10 ms. */
const CHECKPOINT_PAGES = 1_000;
const CACHE_KIB = 16_384;

/** The gateway owns its journal; commands work beside it, and never make one. */
export type JournalRole = 'owner' | 'companion';

/**
 * Opens the journal for writing; its owner makes it when it does not exist. WAL with `synchronous=FULL`: a commit returns only
 * after the log was fsynced. The owner's checkpoint at opening writes everything the log holds to the database file anew, so that
 * pages which an earlier failed fsync left unwritten cannot be taken for durable.
 * @throws GatewayError `journal-missing`, or `journal-schema-newer` for a journal of a later version.
 */
export function openJournalDatabase(path: string, role: JournalRole): DatabaseSync {
  if (role === 'companion') demandJournal(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    chmodSync(path, 0o600);
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      ${role === 'owner' ? 'PRAGMA wal_checkpoint(TRUNCATE);' : ''}
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
    `);
    migrate(database);
    return database;
  } catch (error) {
    closeJournalDatabase(database, path);
    throw error;
  }
}

/**
 * Folds the write-ahead log back once it is long. SQLite's own way, at the end of a commit, hides a failed fsync and repeats
 * it later through the same handle.
 * @throws Error from SQLite; then no handle of this connection may be fsynced again, and it is to be closed.
 */
export class Checkpoint {
  readonly #progress: Query<[], { log: number; checkpointed: number }>;
  readonly #run: Query<[], never>;

  constructor(database: DatabaseSync) {
    this.#progress = new Query(database, 'PRAGMA wal_checkpoint(NOOP)');
    this.#run = new Query(database, 'PRAGMA wal_checkpoint(PASSIVE)');
  }

  runIfDue(): void {
    const { log, checkpointed } = this.#progress.get() ?? { log: 0, checkpointed: 0 };
    if (log - checkpointed >= CHECKPOINT_PAGES) this.#run.get();
  }
}

/**
 * Closes a connection. The last one to close folds the log back with an fsync through its own handles, and of those one may
 * just have failed: so a fresh connection is opened to be the last.
 */
export function closeJournalDatabase(database: DatabaseSync, path: string): void {
  if (!database.isOpen) return;
  const last = openLast(path);
  try {
    database.close();
  } finally {
    last?.close();
  }
}

/** Undefined where the file does not open, or is no journal: then there is nothing to fold back either. */
function openLast(path: string): DatabaseSync | undefined {
  let last: DatabaseSync | undefined;
  try {
    last = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    last.exec('PRAGMA synchronous = FULL; SELECT count(*) FROM sqlite_schema');
    return last;
  } catch {
    last?.close();
    return undefined;
  }
}

/** Opens an existing journal for reading only. @throws GatewayError `journal-missing`. */
export function openJournalReadOnly(path: string): DatabaseSync {
  demandJournal(path);
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

function demandJournal(path: string): void {
  if (existsSync(path)) return;
  throw new GatewayError(
    'journal-missing',
    'refuse',
    `there is no journal at ${path}; has the gateway run with this configuration?`,
  );
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) {
    throw new GatewayError(
      'journal-schema-newer',
      'park',
      `the journal has schema ${version}, this program knows ${SCHEMA_VERSION}; run the newer program`,
    );
  }
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(SCHEMA);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Holds the journal for one gateway process: a lock on a file beside it that the kernel drops when the process ends,
 * however it ends. Commands that only read or append work beside the owner.
 * @throws GatewayError `journal-in-use`.
 */
export function takeOwnership(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(`${path}-owner`, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new GatewayError(
      'journal-in-use',
      'park',
      `another gateway process has the journal ${path} open; stop it first`,
      { cause },
    );
  }
  return () => lock.close();
}

/** A prepared statement with the shapes of its parameters and of its rows. */
export class Query<Parameters extends readonly SQLInputValue[], Row> {
  readonly #statement: StatementSync;

  constructor(database: DatabaseSync, sql: string) {
    this.#statement = database.prepare(sql);
  }

  get(...parameters: Parameters): Row | undefined {
    return this.#statement.get(...parameters) as Row | undefined;
  }

  all(...parameters: Parameters): Row[] {
    return this.#statement.all(...parameters) as Row[];
  }

  /** Rows as arrays of their columns in order: quicker than objects where there are millions. */
  iterateArrays(...parameters: Parameters): Iterable<unknown> {
    this.#statement.setReturnArrays(true);
    return this.#statement.iterate(...parameters) as Iterable<unknown>;
  }

  iterate(...parameters: Parameters): Iterable<Row> {
    return this.#statement.iterate(...parameters) as Iterable<Row>;
  }

  /** @returns the number of rows changed. */
  run(...parameters: Parameters): number {
    return Number(this.#statement.run(...parameters).changes);
  }
}
