import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DAY } from '../../../src/kernel/clock.ts';
import { DedupeIndex } from '../../../src/storage/journal/sqlite/dedupe-index.ts';
import { SCHEMA } from '../../../src/storage/journal/sqlite/schema.ts';

const WINDOW_MS = 14 * DAY;
/** More than the index keeps in memory, so that it has to write. */
const EVENTS = 20_000;
const BATCH = 250;

function keyOf(event: number): Buffer {
  return createHash('sha256').update(`key ${event}`).digest().subarray(0, 16);
}

function digestOf(event: number): Buffer {
  return createHash('sha256').update(`digest ${event}`).digest().subarray(0, 16);
}

/** A journal's database with an index over it, filled in batches as the journal commits them. */
class Fixture {
  readonly database = new DatabaseSync(':memory:');
  readonly #insert;
  index: DedupeIndex;

  constructor() {
    this.database.exec(SCHEMA);
    this.#insert = this.database.prepare(
      `INSERT INTO event (seq, id, org, source, type, received_at, meta, dedupe_key, digest, audit_seq, audit_hash, sealed)
       VALUES (?, ?, 1, 1, 0, ?, '{}', ?, ?, 1, x'', x'')`,
    );
    this.index = new DedupeIndex(this.database, WINDOW_MS);
  }

  restart(): void {
    this.index = new DedupeIndex(this.database, WINDOW_MS);
  }

  accept(event: number, at: number, key = keyOf(event)): void {
    const id = createHash('sha256').update(`id ${event}`).digest().subarray(0, 16);
    this.#insert.run(event, id, at, key, digestOf(event));
    this.index.add(key, event, digestOf(event), at);
  }

  batch(from: number, to: number, at: (event: number) => number): void {
    this.database.exec('BEGIN');
    for (let event = from; event < to; event += 1) this.accept(event, at(event));
    this.index.writeSome(to - 1);
    this.database.exec('COMMIT');
  }

  get tableRows(): number {
    return Number(this.database.prepare('SELECT count(*) AS n FROM dedupe').get()?.n);
  }
}

function assertKnown(fixture: Fixture, event: number, receivedAt: number): void {
  const found = fixture.index.find(keyOf(event), receivedAt + WINDOW_MS - 1);
  assert.deepEqual(
    { ...found, digest: Buffer.from(found?.digest ?? []) },
    { event, digest: digestOf(event), expiresAt: receivedAt + WINDOW_MS },
  );
  assert.equal(fixture.index.find(keyOf(event), receivedAt + WINDOW_MS), undefined, 'and expires to the ms');
}

test('every identity is known, in memory or in the table, and after restarts at any moment', () => {
  const fixture = new Fixture();
  const at = (event: number) => 1_000_000 + event;
  for (let from = 1; from <= EVENTS; from += BATCH) {
    fixture.batch(from, from + BATCH, at);
    if (from % 7 === 0) fixture.restart();
    for (const event of [1, from, from + BATCH - 1, Math.ceil(from / 2)])
      assertKnown(fixture, event, at(event));
    assert.equal(fixture.index.find(keyOf(from + BATCH), 0), undefined);
  }
  assert.ok(fixture.tableRows > 0, 'some were written');
  fixture.restart();
  for (let event = 1; event <= EVENTS; event += 1) assertKnown(fixture, event, at(event));
});

test('after a whole round of writing, a restart need not read the events of before', () => {
  const fixture = new Fixture();
  for (let from = 1; from <= EVENTS; from += BATCH) fixture.batch(from, from + BATCH, () => 0);
  let last = EVENTS + 1;
  const mark = () => fixture.database.prepare("SELECT value FROM meta WHERE key = 'dedupe-written'").get();
  while (mark() === undefined) {
    fixture.batch(last, last + BATCH, () => 0);
    last += BATCH;
    assert.ok(last < 10 * EVENTS, 'a round ends');
  }
  const written = Number(Buffer.from(mark()?.value as Uint8Array).toString('latin1'));
  const missing = fixture.database
    .prepare('SELECT count(*) AS n FROM event WHERE seq <= ? AND dedupe_key NOT IN (SELECT key FROM dedupe)')
    .get(written);
  assert.ok(written > 0);
  assert.equal(missing?.n, 0);
});

test('an identity accepted anew after it expired stands for the later event', () => {
  const fixture = new Fixture();
  const key = keyOf(1);
  fixture.accept(1, 0, key);
  const later = WINDOW_MS + 5;
  fixture.accept(2, later, key);
  for (const restart of [false, true]) {
    if (restart) fixture.restart();
    assert.equal(fixture.index.find(key, later)?.event, 2);
    assert.equal(fixture.index.find(key, later + WINDOW_MS), undefined);
  }
});
