import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { type EventId, type OrganizationId, uuidToBytes } from '../../src/kernel/ids.ts';
import { JournalClient, type JournalObserver } from '../../src/storage/journal/sqlite/journal-client.ts';
import { type JournalSettings, SqliteJournal } from '../../src/storage/journal/sqlite/sqlite-journal.ts';
import type { JournalHarness, JournalLimits } from '../contract/harness.ts';
import type { StoredChain } from './audit-chain.ts';
import { GRACE, MERCY } from './events.ts';
import { TestClock } from './test-clock.ts';

export const QUIET: JournalObserver = { committed() {}, status() {}, lost() {} };

export function sqliteSettings(folder: string, changes: Partial<JournalSettings> = {}): JournalSettings {
  return {
    path: join(folder, 'journal.db'),
    masterKeys: [randomBytes(32)],
    rotateDataKeysAfterDays: 90,
    dedupeDays: 14,
    maxBacklog: 1_000_000,
    minFreeBytes: 0,
    ...changes,
  };
}

/** The SQLite journal in its thread, with the files behind it in reach. */
export class SqliteHarness implements JournalHarness {
  readonly clock = new TestClock();
  settings: JournalSettings;
  readonly #observer: JournalObserver;
  #client: JournalClient | undefined;

  constructor(settings: JournalSettings, observer: JournalObserver) {
    this.settings = settings;
    this.#observer = observer;
  }

  get journal(): JournalClient {
    if (this.#client === undefined) throw new Error('the journal is closed');
    return this.#client;
  }

  async open(): Promise<void> {
    const organizations = [MERCY.organization, GRACE.organization];
    this.#client = await JournalClient.open(this.settings, organizations, this.clock, this.#observer);
  }

  async close(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  async reopen(changes: Partial<JournalLimits> = {}): Promise<void> {
    await this.close();
    this.settings = { ...this.settings, ...changes };
    await this.open();
  }

  /** Works on the file as a command does, beside the gateway. */
  beside<Result>(work: (journal: SqliteJournal) => Result): Result {
    const journal = new SqliteJournal(this.settings, this.clock, 'companion');
    try {
      return work(journal);
    } finally {
      journal.close();
    }
  }

  /** Works on the bare file, behind the journal's back. */
  behind<Result>(work: (database: DatabaseSync) => Result): Result {
    const database = new DatabaseSync(this.settings.path, { timeout: 5_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  async chain(organization: OrganizationId): Promise<StoredChain> {
    return this.behind((database) => readChain(database, organization));
  }

  async event(organization: OrganizationId, id: EventId) {
    return this.beside((journal) => journal.reader.find(organization, id));
  }

  async countEvents(organization: OrganizationId): Promise<number> {
    return this.beside((journal) => journal.reader.count({ organization }));
  }

  async damage(id: EventId): Promise<void> {
    this.behind((database) => {
      const row = database.prepare('SELECT seq, sealed FROM event WHERE id = ?').get(uuidToBytes(id));
      const sealed = Buffer.from(row?.sealed as Uint8Array);
      const at = sealed.length - 20;
      sealed[at] = (sealed[at] ?? 0) ^ 1;
      database.prepare('UPDATE event SET sealed = ? WHERE seq = ?').run(sealed, row?.seq as number);
    });
  }
}

export function readChain(database: DatabaseSync, organization: string): StoredChain {
  const org = database.prepare('SELECT id FROM name WHERE text = ?').get(organization)?.id as
    | number
    | undefined;
  if (org === undefined) return { records: [], head: undefined };
  const rows = database.prepare('SELECT seq AS sequence, bytes, hash FROM audit WHERE org = ? ORDER BY seq');
  const head = database.prepare('SELECT seq AS sequence, hash FROM audit_head WHERE org = ?').get(org);
  return {
    records: rows.all(org) as unknown as StoredChain['records'],
    head: head as unknown as StoredChain['head'],
  };
}

export async function openSqliteHarness(
  t: TestContext,
  limits: Partial<JournalSettings> = {},
  observer: JournalObserver = QUIET,
): Promise<SqliteHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-journal-'));
  const harness = new SqliteHarness(sqliteSettings(folder, limits), observer);
  t.after(async () => {
    await harness.close();
    await rm(folder, { recursive: true });
  });
  await harness.open();
  return harness;
}
