import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { AuditEntry } from '../../../audit/record.ts';
import type { DeliverySettlement } from '../../../forwarding/ports.ts';
import type { EventFilter, ReplayReport } from '../../../forwarding/replay.ts';
import { type Clock, DAY, HOUR } from '../../../kernel/clock.ts';
import type { JournalUnavailableCode } from '../../../kernel/errors.ts';
import type { SealedContent } from '../../../kernel/event.ts';
import { type EventId, eventIdFromBytes, type OrganizationId } from '../../../kernel/ids.ts';
import { Keyring } from '../../../privacy/keyring.ts';
import { AuditWriter } from './audit-writer.ts';
import { Claims } from './claims.ts';
import {
  Checkpoint,
  closeJournalDatabase,
  type JournalRole,
  openJournalDatabase,
  Query,
} from './database.ts';
import { type ClaimOutcome, DeliveryStore } from './delivery-store.ts';
import { EventReader } from './event-reader.ts';
import { EventWriter } from './event-writer.ts';
import { checkCanary, SqliteKeyStore } from './key-store.ts';
import { Names } from './names.ts';
import type { AcceptOperation, AcceptReply, ReplayChunk, WriteOperation } from './operations.ts';
import { SubjectIndex } from './subject-index.ts';

/** What the journal is told at opening; crosses to its thread as it is. */
export interface JournalSettings {
  readonly path: string;
  /** Master key in force, then older ones. */
  readonly masterKeys: readonly Uint8Array[];
  readonly rotateDataKeysAfterDays: number;
  readonly dedupeDays: number;
  /** Undelivered events from which on none is accepted. */
  readonly maxBacklog: number;
  /** Free bytes below which none is accepted; what is left serves the audit log. */
  readonly minFreeBytes: number;
}

export interface JournalStatus {
  readonly pending: number;
  readonly freeBytes: number;
  readonly walBytes: number;
}

/** Longest that a delivery may still have to wait after a start; the longest `Retry-After` that is honoured. */
const LONGEST_WAIT_MS = HOUR;
const REPLAY_CHUNK = 500;
const PURGE_CHUNK = 200;

/**
 * The journal on SQLite, synchronous: the gateway runs it in a thread of its own, commands run it directly.
 * Several processes may have it open; what is kept in memory is read anew when another one has committed.
 * After an error of a method the object is spent, since its memory may be ahead of the file: close it and open another.
 */
export class SqliteJournal {
  readonly #database: DatabaseSync;
  readonly #settings: JournalSettings;
  readonly #clock: Clock;
  readonly #names: Names;
  readonly #audit: AuditWriter;
  readonly #events: EventWriter;
  readonly #deliveries: DeliveryStore;
  readonly #claims: Claims;
  readonly reader: EventReader;
  readonly #keyring: Keyring;
  readonly #dataVersion: Query<[], { data_version: number }>;
  readonly #oldest: Query<
    [number, number],
    { seq: number; received_at: number; dedupe_key: Uint8Array | null }
  >;
  readonly #subjects: SubjectIndex;
  readonly #dropDedupe: Query<[Uint8Array, number], never>;
  readonly #checkpoint: Checkpoint;
  #seenVersion: number;
  #purgedTo = 0;
  #freeBytes = Number.MAX_SAFE_INTEGER;
  #walBytes = 0;

  /**
   * @param claims what this process has under way already, when this handle replaces one that failed.
   * @throws GatewayError `key-canary-mismatch`, `key-unwrap-failed`, `journal-schema-newer`; Error from SQLite.
   */
  constructor(settings: JournalSettings, clock: Clock, role: JournalRole, claims = new Claims()) {
    const database = openJournalDatabase(settings.path, role);
    this.#database = database;
    this.#settings = settings;
    this.#clock = clock;
    this.#claims = claims;
    try {
      const masters = settings.masterKeys.map((key) => Buffer.from(key));
      this.#keyring = this.#openKeyring(masters);
      this.#names = new Names(database);
      this.#audit = new AuditWriter(database, this.#names);
      const parts = { keyring: this.#keyring, names: this.#names, audit: this.#audit, claims };
      this.#deliveries = new DeliveryStore(database, parts);
      this.#events = new EventWriter(
        database,
        { ...parts, deliveries: this.#deliveries },
        settings.dedupeDays,
      );
      this.reader = new EventReader(database, this.#names, this.#keyring);
      this.#dataVersion = new Query(database, 'PRAGMA data_version');
      this.#oldest = new Query(
        database,
        'SELECT seq, received_at, dedupe_key FROM event WHERE seq > ? ORDER BY seq LIMIT ?',
      );
      this.#subjects = new SubjectIndex(database);
      this.#dropDedupe = new Query(database, 'DELETE FROM dedupe WHERE key = ? AND event = ?');
      this.#checkpoint = new Checkpoint(database);
      this.#seenVersion = this.#readVersion();
      this.measure();
    } catch (error) {
      closeJournalDatabase(database, settings.path);
      throw error;
    }
  }

  close(): void {
    closeJournalDatabase(this.#database, this.#settings.path);
  }

  /** Folds the write-ahead log back once it is long; call it after commits, whose replies hold whatever becomes of it. */
  checkpoint(): void {
    this.#checkpoint.runIfDue();
  }

  /** Organizations whose keys are to exist before the first event: making one is a commit of its own. */
  prepare(organizations: readonly OrganizationId[]): void {
    this.#transact(() => {
      for (const organization of organizations) this.#keyring.indexKey(organization);
    });
  }

  /** Once after a start: due times from before the machine's clock was set back are not to hold anything up for long. */
  limitWaits(): void {
    this.#transact(() => this.#deliveries.bringForward(this.#clock.now() + LONGEST_WAIT_MS));
  }

  /**
   * Group commit: everything in one transaction. The replies hold only once this has returned.
   * @throws Error from SQLite when the commit failed; then nothing of the batch is stored.
   */
  commit(
    accepts: readonly AcceptOperation[],
    writes: readonly WriteOperation[],
  ): { accepted: AcceptReply[]; written: (ReplayChunk | undefined)[] } {
    const result = this.#transact(() => ({
      accepted: accepts.map((accept) => this.#events.accept(accept, () => this.#refusal())),
      written: writes.map((write) => this.#write(write)),
    }));
    for (const write of writes) if (write.kind === 'settle') this.#claims.release([write.settlement.event]);
    return result;
  }

  /** Claims due deliveries; those whose seal does not open are dead-lettered with the reason, in a commit of their own. */
  claim(limits: { count: number; bytes: number }, dueBy: number): Omit<ClaimOutcome, 'damaged'> {
    this.#noticeOthers();
    const { damaged, deliveries, nextDueAt } = this.#deliveries.claim(limits, dueBy);
    if (damaged.length > 0) {
      const settlements = damaged.map(
        (one) => ({ ...one, kind: 'dead', status: undefined, durationMs: 0 }) as const,
      );
      try {
        this.commit(
          [],
          settlements.map((settlement) => ({ kind: 'settle', settlement })),
        );
      } catch (error) {
        this.#claims.release(deliveries.map(({ summary }) => summary.id));
        throw error;
      }
    }
    return { deliveries, nextDueAt };
  }

  /** Takes claims back without an attempt. */
  release(events: Iterable<EventId>): void {
    this.#claims.release(events);
  }

  status(): JournalStatus {
    return {
      pending: this.#deliveries.pending,
      freeBytes: this.#freeBytes,
      walBytes: this.#walBytes,
    };
  }

  /** Measures free disk space and the write-ahead log; call it about once a second. */
  measure(): void {
    const { bavail, bsize } = statfsSync(dirname(this.#settings.path));
    this.#freeBytes = bavail * bsize;
    this.#walBytes = fileBytes(`${this.#settings.path}-wal`);
  }

  /** @returns what a filter matches: how many a replay would take, how many wait already. */
  previewReplay(filter: EventFilter): ReplayReport {
    const pending = filter.state === undefined || filter.state === 'pending';
    return {
      taken: this.reader.countReplayable(filter),
      pending: pending ? this.reader.count({ ...filter, state: 'pending' }) : 0,
    };
  }

  /** Opens an event's seal for a person; audited before the content is handed out. */
  viewContent(organization: OrganizationId, event: EventId, actor: string): SealedContent | undefined {
    const content = this.reader.content(organization, event);
    if (content === undefined) return undefined;
    const entry: AuditEntry = { action: 'payload.view', actor, target: `event:${event}`, outcome: 'success' };
    this.commit([], [{ kind: 'audit', organization, entry }]);
    return content;
  }

  /** Makes a new generation of an organization's data key. @returns its number. */
  rotateDataKey(organization: OrganizationId, actor: string): number {
    return this.#transact(() => {
      const generation = this.#keyring.rotate(organization);
      const entry: AuditEntry = {
        action: 'key.rotate',
        actor,
        target: 'data-key',
        outcome: 'success',
        detail: { generation },
      };
      this.#audit.append(organization, entry, this.#clock.now());
      return generation;
    });
  }

  #openKeyring(masters: readonly Buffer[]): Keyring {
    const store = new SqliteKeyStore(this.#database);
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      checkCanary(this.#database, masters);
      const keyring = new Keyring(masters, store, this.#clock, this.#settings.rotateDataKeysAfterDays * DAY);
      this.#database.exec('COMMIT');
      return keyring;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #write(operation: WriteOperation): ReplayChunk | undefined {
    const now = this.#clock.now();
    switch (operation.kind) {
      case 'audit':
        this.#audit.append(operation.organization, operation.entry, now);
        return undefined;
      case 'settle':
        this.#deliveries.settle(operation.settlement satisfies DeliverySettlement, now);
        return undefined;
      case 'replay':
        return this.#replayChunk(operation.filter, operation.actor, operation.after, now);
      case 'maintain':
        this.#purgeDedupe(now);
        this.#subjects.advance();
        return undefined;
    }
  }

  /** A bounded part of a replay, so that no transaction grows with the number of events. */
  #replayChunk(filter: EventFilter, actor: string, after: number, now: number): ReplayChunk {
    const rows = this.reader.replayable(filter, after, REPLAY_CHUNK);
    for (const row of rows) {
      if (!this.#deliveries.restart(row.seq, now)) continue;
      const target = `event:${eventIdFromBytes(row.id)}`;
      this.#audit.append(
        filter.organization,
        { action: 'event.replay', actor, target, outcome: 'success' },
        now,
      );
    }
    return { taken: rows.length, after: rows.at(-1)?.seq };
  }

  /** Goes on from the oldest event and stops at the first that is young enough: a journal has millions of those. */
  #purgeDedupe(now: number): void {
    const cutoff = now - this.#settings.dedupeDays * DAY;
    for (const row of this.#oldest.all(this.#purgedTo, PURGE_CHUNK)) {
      if (row.received_at >= cutoff) return;
      if (row.dedupe_key !== null) this.#dropDedupe.run(row.dedupe_key, row.seq);
      this.#purgedTo = row.seq;
    }
  }

  #refusal(): AcceptReply | undefined {
    let code: JournalUnavailableCode | undefined;
    if (this.#deliveries.pending >= this.#settings.maxBacklog) code = 'journal-backlog-full';
    if (this.#freeBytes < this.#settings.minFreeBytes) code = 'journal-disk-low';
    return code === undefined ? undefined : { kind: 'unavailable', code };
  }

  #transact<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      this.#noticeOthers();
      const result = work();
      this.#events.finish();
      this.#audit.saveHeads();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Another process (a command) may have appended audit records or replayed events since. */
  #noticeOthers(): void {
    const version = this.#readVersion();
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#forget();
  }

  #forget(): void {
    this.#keyring.reload();
    this.#names.reset();
    this.#audit.reset();
    this.#deliveries.reset();
    this.#events.reset();
  }

  #readVersion(): number {
    return this.#dataVersion.get()?.data_version ?? 0;
  }
}

function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
