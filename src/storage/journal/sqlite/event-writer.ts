import { hash, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { DAY } from '../../../kernel/clock.ts';
import { EVENT_TYPES } from '../../../kernel/event.ts';
import type { HmacSha256 } from '../../../kernel/hmac-sha256.ts';
import { eventIdFromBytes, uuidToBytes } from '../../../kernel/ids.ts';
import { blindIndex } from '../../../privacy/blind-index.ts';
import type { Keyring } from '../../../privacy/keyring.ts';
import type { AuditWriter } from './audit-writer.ts';
import { Query } from './database.ts';
import { DedupeIndex, type FirstAcceptance } from './dedupe-index.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { type EventMeta, sealContent } from './event-record.ts';
import { laneOf, packLanes } from './lanes.ts';
import type { Names } from './names.ts';
import type { AcceptHead, AcceptOperation, AcceptReply } from './operations.ts';
import { packSubjects } from './subject-index.ts';

const DIGEST_BYTES = 16;
/** Secrets' last-matched times are kept to this precision, so that not every acceptance writes one. */
const SECRET_USE_PRECISION_MS = 10_000;

type EventValues = [
  number,
  Uint8Array,
  number,
  number,
  number,
  number,
  string,
  Uint8Array | null,
  Uint8Array,
  Uint8Array | null,
  number,
  Uint8Array,
  Uint8Array,
];

/** Puts accepted events into the journal: event, dedupe row, delivery, lanes, patient index and audit record. */
export class EventWriter {
  readonly #keyring: Keyring;
  readonly #names: Names;
  readonly #audit: AuditWriter;
  readonly #deliveries: DeliveryStore;
  readonly #insertEvent: Query<EventValues, never>;
  readonly #dedupe: DedupeIndex;
  readonly #idOf: Query<[number], { id: Uint8Array }>;
  readonly #saveSecretUse: Query<[number, number, string, number], never>;
  readonly #secretUses = new Map<string, number>();
  readonly #lastSequence: Query<[], { last: number | null }>;
  #nextSequence: number;

  constructor(
    database: DatabaseSync,
    parts: { keyring: Keyring; names: Names; audit: AuditWriter; deliveries: DeliveryStore },
    dedupeDays: number,
  ) {
    this.#keyring = parts.keyring;
    this.#names = parts.names;
    this.#audit = parts.audit;
    this.#deliveries = parts.deliveries;
    this.#insertEvent = new Query(
      database,
      `INSERT INTO event (seq, id, org, source, type, received_at, meta, dedupe_key, digest, subjects, audit_seq, audit_hash, sealed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#dedupe = new DedupeIndex(database, dedupeDays * DAY);
    this.#idOf = new Query(database, 'SELECT id FROM event WHERE seq = ?');
    this.#saveSecretUse = new Query(
      database,
      'INSERT OR REPLACE INTO secret_use (org, source, secret, last_matched_at) VALUES (?, ?, ?, ?)',
    );
    this.#lastSequence = new Query(database, 'SELECT max(seq) AS last FROM event');
    this.#nextSequence = this.#readNextSequence();
  }

  /** Forgets what was counted in memory: after a rollback, or when another process wrote. */
  reset(): void {
    this.#secretUses.clear();
    this.#nextSequence = this.#readNextSequence();
  }

  /**
   * Stores one event, or recognises it as stored before. A repeat with equal bytes gets the first receipt; other bytes
   * under the same signed identity are a conflict. Both are audited.
   */
  accept(operation: AcceptOperation, refuse: () => AcceptReply | undefined): AcceptReply {
    const { head, body } = operation;
    const indexKey = this.#keyring.indexKey(head.org);
    const digest = indexKey.digest('body\0', body).subarray(0, DIGEST_BYTES);
    const dedupeKey = dedupeKeyOf(indexKey, head, digest);
    if (dedupeKey !== undefined) {
      const first = this.#dedupe.find(dedupeKey, head.receivedAt);
      if (first !== undefined) return this.#repeat(head, first, digest);
    }
    const refusal = refuse();
    if (refusal !== undefined) return refusal;
    this.#store(operation, indexKey, dedupeKey, digest);
    return { kind: 'accepted' };
  }

  /** The last step of a batch, before its commit. */
  finish(): void {
    this.#dedupe.writeSome(this.#nextSequence - 1);
  }

  #repeat(head: AcceptHead, first: FirstAcceptance, digest: Buffer): AcceptReply {
    const row = this.#idOf.get(first.event);
    if (row === undefined) throw new Error(`the journal has no event ${first.event}`);
    const eventId = eventIdFromBytes(row.id);
    const same = timingSafeEqual(first.digest, digest);
    this.#audit.append(
      head.org,
      {
        action: same ? 'event.duplicate' : 'event.conflict',
        actor: `source:${head.source}`,
        target: `event:${eventId}`,
        outcome: same ? 'success' : 'refused',
        reason: same ? undefined : 'same-identity-other-content',
        requestId: head.requestId,
        detail: { client: head.client, key: head.keyId },
      },
      head.receivedAt,
    );
    return same ? { kind: 'duplicate', eventId } : { kind: 'conflict', eventId };
  }

  #store(
    operation: AcceptOperation,
    indexKey: HmacSha256,
    dedupeKey: Buffer | undefined,
    digest: Buffer,
  ): void {
    const { head, content, body } = operation;
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const id = uuidToBytes(head.id);
    const sealed = sealContent(this.#keyring, head.org, id, content, body);
    const record = this.#audit.append(head.org, acceptanceEntry(head, body.length, sealed), head.receivedAt);
    const org = this.#names.idOf(head.org);
    const source = this.#names.idOf(head.source);
    this.#insertEvent.run(
      sequence,
      id,
      org,
      source,
      EVENT_TYPES.indexOf(head.type),
      head.receivedAt,
      JSON.stringify(metaOf(head, body.length)),
      dedupeKey ?? null,
      digest,
      packSubjects(indexKey, head.patients ?? []),
      record.sequence,
      record.hash,
      sealed,
    );
    if (dedupeKey !== undefined) this.#dedupe.add(dedupeKey, sequence, digest, head.receivedAt);
    const lanes = packLanes(head.foci.map((focus) => laneOf(indexKey, head.source, focus)));
    this.#deliveries.add(sequence, head.state, lanes, head.receivedAt);
    this.#noteSecretUse(org, source, head);
  }

  #noteSecretUse(org: number, source: number, head: AcceptHead): void {
    const key = `${org}/${source}/${head.keyId}`;
    const noted = this.#secretUses.get(key) ?? 0;
    if (head.receivedAt - noted < SECRET_USE_PRECISION_MS) return;
    this.#secretUses.set(key, head.receivedAt);
    this.#saveSecretUse.run(org, source, head.keyId, head.receivedAt);
  }

  #readNextSequence(): number {
    return (this.#lastSequence.get()?.last ?? 0) + 1;
  }
}

/** Scoped by organization (its key), source, and kind of identity; 16 bytes. */
function dedupeKeyOf(indexKey: HmacSha256, head: AcceptHead, digest: Buffer): Buffer | undefined {
  const { identity } = head;
  if (identity === undefined) return undefined;
  const value = identity.basis === 'body' ? digest.toString('hex') : identity.value;
  return blindIndex(indexKey, 'dedupe', `${head.source}\0${identity.basis}\0${value}`);
}

function metaOf(head: AcceptHead, bodyBytes: number): EventMeta {
  return {
    contentType: head.contentType,
    validation: head.validation,
    requestId: head.requestId,
    bodyBytes,
    keyId: head.keyId,
    fhirVersion: head.fhirVersion,
    traceParent: head.traceParent,
    findings: head.findings,
  };
}

/** The record binds the sealed bytes by their SHA-256, so that the stored event can be checked without any key. */
function acceptanceEntry(head: AcceptHead, bodyBytes: number, sealed: Buffer) {
  const detail = {
    bytes: bodyBytes,
    client: head.client,
    findings: head.findings,
    key: head.keyId,
    sealed: hash('sha256', sealed, 'base64url'),
    state: head.state === 'pending' ? undefined : head.state,
    type: head.type,
  };
  return {
    action: 'event.accept',
    actor: `source:${head.source}`,
    target: `event:${head.id}`,
    outcome: 'success',
    requestId: head.requestId,
    detail,
  } as const;
}
