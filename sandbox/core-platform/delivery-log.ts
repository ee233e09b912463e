import type { EventHeaders } from './event-headers.ts';
import { RowIndex } from './row-index.ts';

/** One delivery as the core platform took it. */
export interface ReceivedDelivery extends EventHeaders {
  /** SHA-256 of the body, hex. */
  readonly sha256: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/** `counts` keeps numbers alone; `digests` about 130 bytes a delivery; `bodies` every body too. */
export type RecordLevel = 'counts' | 'digests' | 'bodies';

const ROWS_PER_CHUNK = 4096;
const UUID_BYTES = 16;
const HASH_BYTES = 32;
const OFFSET = {
  id: 0,
  sha: 16,
  audit: 48,
  sequence: 80,
  receivedAt: 88,
  attempt: 96,
  replay: 100,
  names: 104,
} as const;
const ROW_BYTES = 120;
const NO_SUBJECT = 0xffff_ffff;

/** Deliveries in the order they came, in packed rows, so that a million of them fit beside what is being tested. */
export class DeliveryLog {
  readonly #level: RecordLevel;
  readonly #chunks: Buffer[] = [];
  readonly #names = new Interner();
  readonly #byId = new RowIndex();
  readonly #bySha = new RowIndex();
  readonly #bodies: Buffer[] = [];
  #deliveries = 0;
  #events = 0;

  constructor(level: RecordLevel) {
    this.#level = level;
  }

  /** Deliveries taken, repeats included. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** Distinct events; with `counts` events are not told apart and every delivery counts. */
  get events(): number {
    return this.#level === 'counts' ? this.#deliveries : this.#events;
  }

  add(delivery: ReceivedDelivery, body: Buffer): void {
    const row = this.#deliveries;
    this.#deliveries += 1;
    if (this.#level === 'counts') return;
    const at = this.#writableRow(row);
    this.#write(at, delivery);
    if (this.#level === 'bodies') this.#bodies.push(body);
    this.#index(row, at);
  }

  /** The first delivery of an event. */
  find(ceId: string): ReceivedDelivery | undefined {
    const key = uuidBytes(ceId);
    const row = this.#byId.find(hashOf(key), (candidate) => this.#id(candidate).equals(key));
    return row === undefined ? undefined : this.at(row);
  }

  /** The first delivery of a body. */
  findBody(sha256: string): ReceivedDelivery | undefined {
    const key = Buffer.from(sha256, 'hex');
    const row = this.#bySha.find(hashOf(key), (candidate) => this.#sha(candidate).equals(key));
    return row === undefined ? undefined : this.at(row);
  }

  /** The bytes of a delivery by its row; only with `bodies`. */
  body(row: number): Buffer | undefined {
    return this.#bodies[row];
  }

  /** @throws RangeError for a row that was not recorded. */
  at(row: number): ReceivedDelivery {
    const chunk = this.#row(row);
    const name = (index: number) => this.#names.text(chunk.readUInt32LE(OFFSET.names + index * 4));
    return {
      ceId: formatUuid(chunk.toString('hex', OFFSET.id, OFFSET.id + UUID_BYTES)),
      sha256: chunk.toString('hex', OFFSET.sha, OFFSET.sha + HASH_BYTES),
      audithash: chunk.toString('hex', OFFSET.audit, OFFSET.audit + HASH_BYTES),
      auditseq: chunk.readDoubleLE(OFFSET.sequence),
      receivedAt: chunk.readDoubleLE(OFFSET.receivedAt),
      attempt: chunk.readUInt32LE(OFFSET.attempt),
      replay: chunk[OFFSET.replay] === 1,
      organization: name(0) ?? '',
      source: name(1) ?? '',
      type: name(2) ?? '',
      subject: name(3),
    };
  }

  *[Symbol.iterator](): IterableIterator<ReceivedDelivery> {
    if (this.#level === 'counts') return;
    for (let row = 0; row < this.#deliveries; row += 1) yield this.at(row);
  }

  #write(at: Buffer, delivery: ReceivedDelivery): void {
    uuidBytes(delivery.ceId).copy(at, OFFSET.id);
    at.write(delivery.sha256, OFFSET.sha, 'hex');
    at.write(delivery.audithash, OFFSET.audit, 'hex');
    at.writeDoubleLE(delivery.auditseq, OFFSET.sequence);
    at.writeDoubleLE(delivery.receivedAt, OFFSET.receivedAt);
    at.writeUInt32LE(Math.min(delivery.attempt, 0xffff_ffff), OFFSET.attempt);
    at[OFFSET.replay] = delivery.replay ? 1 : 0;
    [delivery.organization, delivery.source, delivery.type, delivery.subject].forEach((name, index) => {
      at.writeUInt32LE(this.#names.number(name), OFFSET.names + index * 4);
    });
  }

  #index(row: number, at: Buffer): void {
    const id = at.subarray(OFFSET.id, OFFSET.id + UUID_BYTES);
    if (this.#byId.find(hashOf(id), (candidate) => this.#id(candidate).equals(id)) !== undefined) return;
    this.#events += 1;
    this.#byId.add(hashOf(id), row);
    const sha = at.subarray(OFFSET.sha, OFFSET.sha + HASH_BYTES);
    if (this.#bySha.find(hashOf(sha), (candidate) => this.#sha(candidate).equals(sha)) === undefined) {
      this.#bySha.add(hashOf(sha), row);
    }
  }

  #writableRow(row: number): Buffer {
    if (row % ROWS_PER_CHUNK === 0) this.#chunks.push(Buffer.alloc(ROWS_PER_CHUNK * ROW_BYTES));
    return this.#row(row);
  }

  #row(row: number): Buffer {
    const chunk = this.#chunks[Math.floor(row / ROWS_PER_CHUNK)];
    if (chunk === undefined) throw new RangeError('no such delivery');
    const start = (row % ROWS_PER_CHUNK) * ROW_BYTES;
    return chunk.subarray(start, start + ROW_BYTES);
  }

  #id(row: number): Buffer {
    return this.#row(row).subarray(OFFSET.id, OFFSET.id + UUID_BYTES);
  }

  #sha(row: number): Buffer {
    return this.#row(row).subarray(OFFSET.sha, OFFSET.sha + HASH_BYTES);
  }
}

/** Numbers for texts that repeat. */
class Interner {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  number(text: string | undefined): number {
    if (text === undefined) return NO_SUBJECT;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  text(number: number): string | undefined {
    return this.#texts[number];
  }
}

/** The last bytes of an UUIDv7 and of a digest are random alike. */
function hashOf(key: Buffer): number {
  return key.readUInt32LE(key.length - 4);
}

function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function formatUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
