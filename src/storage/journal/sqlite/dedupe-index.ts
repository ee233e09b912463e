import type { DatabaseSync } from 'node:sqlite';
import { Query } from './database.ts';

/** What was first accepted under a signed identity. `digest` is of its body; `expiresAt` is epoch milliseconds. */
export interface FirstAcceptance {
  readonly event: number;
  readonly digest: Uint8Array;
  readonly expiresAt: number;
}

type Entry = { readonly event: number; readonly digest: string; readonly expiresAt: number };
type TableRow = { event: number; digest: Uint8Array; expires_at: number };
type EventRow = { seq: number; dedupe_key: Uint8Array; digest: Uint8Array; received_at: number };

const PARTITIONS = 64;
/** Keys kept in memory before a partition of them is written to the table. */
const RESIDENT_KEYS = 16_384;

/**
 * Which signed identities were accepted before. Keys are random, so writing each to its place in the table would dirty a
 * page per event; instead the newest stay in memory, and a partition of them at a time goes to the table in key order,
 * many to a page. Nothing is only in memory: every key is in its event's row, in the same commit, and those that are not
 * in the table yet are read from there when the journal is opened.
 */
export class DedupeIndex {
  readonly #windowMs: number;
  readonly #find: Query<[Uint8Array], TableRow>;
  readonly #save: Query<[Uint8Array, number, Uint8Array, number], never>;
  readonly #newest: Query<[number], EventRow>;
  readonly #readMark: Query<[], { value: Uint8Array }>;
  readonly #saveMark: Query<[Uint8Array], never>;
  #resident: Map<string, Entry>[] | undefined;
  #size = 0;
  #nextPartition = 0;
  /** The last event when the present round over the partitions began: after the round, all up to it are in the table. */
  #roundBeganAt = 0;

  constructor(database: DatabaseSync, windowMs: number) {
    this.#windowMs = windowMs;
    this.#find = new Query(database, 'SELECT event, digest, expires_at FROM dedupe WHERE key = ?');
    this.#save = new Query(
      database,
      'INSERT OR REPLACE INTO dedupe (key, event, digest, expires_at) VALUES (?, ?, ?, ?)',
    );
    this.#newest = new Query(
      database,
      'SELECT seq, dedupe_key, digest, received_at FROM event WHERE seq > ? AND dedupe_key IS NOT NULL ORDER BY seq',
    );
    this.#readMark = new Query(database, "SELECT value FROM meta WHERE key = 'dedupe-written'");
    this.#saveMark = new Query(
      database,
      "INSERT OR REPLACE INTO meta (key, value) VALUES ('dedupe-written', ?)",
    );
  }

  /** @param key 16 bytes. @returns the first acceptance under it, unless that has expired at `now`. */
  find(key: Buffer, now: number): FirstAcceptance | undefined {
    const entry = this.#partition(key).get(key.toString('latin1'));
    const first = entry === undefined ? this.#findInTable(key) : unpack(entry);
    return first !== undefined && first.expiresAt > now ? first : undefined;
  }

  /** Notes an acceptance whose event row holds the same key and digest. */
  add(key: Buffer, event: number, digest: Buffer, receivedAt: number): void {
    const entry = { event, digest: digest.toString('latin1'), expiresAt: receivedAt + this.#windowMs };
    this.#partition(key).set(key.toString('latin1'), entry);
    this.#size += 1;
  }

  /** Writes one partition to the table when there is much in memory; the last thing before a commit. */
  writeSome(lastEvent: number): void {
    if (this.#size <= RESIDENT_KEYS) return;
    if (this.#nextPartition === 0) this.#roundBeganAt = lastEvent;
    const partition = this.#residents()[this.#nextPartition];
    if (partition !== undefined) this.#write(partition);
    this.#nextPartition = (this.#nextPartition + 1) % PARTITIONS;
    if (this.#nextPartition === 0) this.#saveMark.run(Buffer.from(String(this.#roundBeganAt), 'latin1'));
  }

  #write(partition: Map<string, Entry>): void {
    for (const key of [...partition.keys()].sort()) {
      const entry = partition.get(key);
      if (entry === undefined) continue;
      const { event, digest, expiresAt } = unpack(entry);
      this.#save.run(Buffer.from(key, 'latin1'), event, digest, expiresAt);
    }
    this.#size -= partition.size;
    partition.clear();
  }

  #findInTable(key: Buffer): FirstAcceptance | undefined {
    const row = this.#find.get(key);
    return row === undefined
      ? undefined
      : { event: row.event, digest: row.digest, expiresAt: row.expires_at };
  }

  #partition(key: Buffer): Map<string, Entry> {
    const partition = this.#residents()[(key[0] ?? 0) % PARTITIONS];
    if (partition === undefined) throw new Error('there is no such partition');
    return partition;
  }

  #residents(): Map<string, Entry>[] {
    this.#resident ??= this.#load();
    return this.#resident;
  }

  #load(): Map<string, Entry>[] {
    const partitions = Array.from({ length: PARTITIONS }, () => new Map<string, Entry>());
    const mark = this.#readMark.get();
    const written = mark === undefined ? 0 : Number(Buffer.from(mark.value).toString('latin1'));
    for (const row of this.#newest.iterate(written)) {
      const key = Buffer.from(row.dedupe_key).toString('latin1');
      const digest = Buffer.from(row.digest).toString('latin1');
      const expiresAt = row.received_at + this.#windowMs;
      partitions[(row.dedupe_key[0] ?? 0) % PARTITIONS]?.set(key, { event: row.seq, digest, expiresAt });
    }
    this.#size = partitions.reduce((sum, partition) => sum + partition.size, 0);
    return partitions;
  }
}

function unpack({ event, digest, expiresAt }: Entry): FirstAcceptance {
  return { event, digest: Buffer.from(digest, 'latin1'), expiresAt };
}
