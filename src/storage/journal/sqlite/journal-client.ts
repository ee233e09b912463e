import { Worker } from 'node:worker_threads';
import type { AuditEntry } from '../../../audit/record.ts';
import type { AuditPort } from '../../../audit/refusal-log.ts';
import type { ClaimedDelivery, DeliveryPort, DeliverySettlement } from '../../../forwarding/ports.ts';
import type { EventFilter, ReplayPort, ReplayReport } from '../../../forwarding/replay.ts';
import type { AcceptPort, AcceptResult, NewEvent } from '../../../inbound/ports.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { GatewayError, journalUnavailable } from '../../../kernel/errors.ts';
import type { EventId, OrganizationId } from '../../../kernel/ids.ts';
import type { SourceScope } from '../../../tenancy/scope.ts';
import { encodeAccept } from './accept-encoder.ts';
import type { AcceptReply, ReplayChunk, WriteOperation } from './operations.ts';
import {
  type AcceptParts,
  type BatchReply,
  type ClaimReply,
  type FromJournal,
  frameAccepts,
  framedBytes,
  type ToJournal,
} from './protocol.ts';
import type { JournalSettings, JournalStatus } from './sqlite-journal.ts';

const MAX_BATCH_OPERATIONS = 1_024;
/**
 * Batches under way: one that is being committed, and one that waits at the thread, so that it never idles until this
 * event loop comes round to take a reply.
 */
const MAX_BATCHES = 2;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Bytes of acceptances that may wait while a commit is under way; more are answered 503 at once. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const TICK_MS = 1_000;
const RETRY_AFTER_SECONDS = { failed: 2, full: 30 } as const;

export interface JournalObserver {
  /** One group commit: operations in it, its time in the journal thread in ms. */
  committed(operations: number, durationMs: number): void;
  status(status: JournalStatus | undefined): void;
  /** The thread is gone: nothing can be stored any more, the process should end. */
  lost(error: Error): void;
}

type Waiting<Value> = { readonly resolve: (value: Value) => void; readonly reject: (error: Error) => void };
type QueuedAccept = Waiting<AcceptReply> & { readonly parts: AcceptParts };
type QueuedWrite = Waiting<ReplayChunk | undefined> & { readonly operation: WriteOperation };
type Request = ToJournal extends infer Message
  ? Message extends unknown
    ? Omit<Message, 'id' | 'now'>
    : never
  : never;

/**
 * The journal as the event loop sees it. Writes gather while a commit is under way and go as one batch when it is
 * done: one commit in flight, as large as the load makes it, and never a wait for fsync on this thread.
 */
export class JournalClient implements AcceptPort, DeliveryPort, AuditPort, ReplayPort {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #schedule: Clock;
  readonly #observer: JournalObserver;
  readonly #calls = new Map<number, Waiting<FromJournal>>();
  readonly #ticker: NodeJS.Timeout;
  #accepts: QueuedAccept[] = [];
  #writes: QueuedWrite[] = [];
  #queuedBytes = 0;
  #batches = 0;
  #flushPlanned = false;
  #nextId = 1;
  #closing = false;
  #lost: GatewayError | undefined;

  private constructor(clock: Clock, observer: JournalObserver, schedule: Clock) {
    this.#clock = clock;
    this.#schedule = schedule;
    this.#observer = observer;
    this.#worker = new Worker(new URL('./journal-thread.ts', import.meta.url), { name: 'journal' });
    this.#worker.on('message', (message: FromJournal) => this.#receive(message));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#worker.on('exit', () => this.#lose(new Error('the journal thread ended')));
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#ticker.unref();
  }

  /** @throws GatewayError when the journal cannot be opened: wrong master key, newer schema, altered audit head. */
  static async open(
    settings: JournalSettings,
    organizations: readonly OrganizationId[],
    clock: Clock,
    observer: JournalObserver,
    schedule = clock,
  ): Promise<JournalClient> {
    const client = new JournalClient(clock, observer, schedule);
    try {
      await client.#call({ kind: 'open', settings, organizations });
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  async accept(scope: SourceScope, event: NewEvent): Promise<AcceptResult> {
    const parts = encodeAccept(scope, event);
    const size = framedBytes(parts);
    if (this.#closing) throw journalUnavailable('journal-closing', RETRY_AFTER_SECONDS.failed);
    if (this.#queuedBytes + size > MAX_QUEUED_BYTES)
      throw journalUnavailable('journal-backlog-full', RETRY_AFTER_SECONDS.failed);
    this.#queuedBytes += size;
    const reply = await new Promise<AcceptReply>((resolve, reject) => {
      this.#accepts.push({ parts, resolve, reject });
      this.#planFlush();
    });
    if (reply.kind !== 'unavailable') return reply;
    throw journalUnavailable(
      reply.code,
      reply.code === 'journal-failed' ? RETRY_AFTER_SECONDS.failed : RETRY_AFTER_SECONDS.full,
    );
  }

  async append(organization: OrganizationId, entry: AuditEntry): Promise<void> {
    await this.#write({ kind: 'audit', organization, entry });
  }

  async settle(settlement: DeliverySettlement): Promise<void> {
    await this.#write({ kind: 'settle', settlement });
  }

  async claim(limits: { count: number; bytes: number }) {
    const answer = await this.#call({ kind: 'claim', ...limits, dueBy: this.#schedule.now() });
    if (answer.kind !== 'claim') throw unexpected(answer);
    return { deliveries: unpackClaims(answer.reply), nextDueAt: answer.reply.nextDueAt };
  }

  async release(events: readonly EventId[]): Promise<void> {
    await this.#call({ kind: 'release', events });
  }

  async preview(filter: EventFilter): Promise<ReplayReport> {
    const answer = await this.#call({ kind: 'preview', filter });
    if (answer.kind !== 'preview') throw unexpected(answer);
    return answer.report;
  }

  async replay(filter: EventFilter, actor: string): Promise<ReplayReport> {
    const bounded = { ...filter, receivedTo: filter.receivedTo ?? this.#clock.now() + 1 };
    const { pending } = await this.preview(bounded);
    let taken = 0;
    let after: number | undefined = 0;
    while (after !== undefined) {
      const chunk: ReplayChunk | undefined = await this.#write({
        kind: 'replay',
        filter: bounded,
        actor,
        after,
      });
      taken += chunk?.taken ?? 0;
      after = chunk?.after;
    }
    return { taken, pending };
  }

  /** Makes keys for organizations that a new configuration brought. */
  async prepare(organizations: readonly OrganizationId[]): Promise<void> {
    await this.#call({ kind: 'prepare', organizations });
  }

  /** Commits what waits, then closes the database and ends the thread. */
  async close(): Promise<void> {
    if (this.#closing) return;
    clearInterval(this.#ticker);
    while (this.#batches > 0 || this.#flushPlanned || this.#accepts.length + this.#writes.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#closing = true;
    await this.#call({ kind: 'close' }).catch(() => undefined);
    await this.#worker.terminate();
  }

  #write(operation: WriteOperation): Promise<ReplayChunk | undefined> {
    if (this.#closing)
      return Promise.reject(journalUnavailable('journal-closing', RETRY_AFTER_SECONDS.failed));
    return new Promise((resolve, reject) => {
      this.#writes.push({ operation, resolve, reject });
      this.#planFlush();
    });
  }

  /** At the end of this turn of the event loop, so that requests that arrived together share a commit. */
  #planFlush(): void {
    if (this.#batches >= MAX_BATCHES || this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const accepts = this.#takeAccepts();
    const writes = this.#writes.splice(0, MAX_BATCH_OPERATIONS);
    if (accepts.length + writes.length === 0) return;
    this.#batches += 1;
    const frame = frameAccepts(accepts.map((accept) => accept.parts));
    for (const { parts } of accepts) this.#queuedBytes -= framedBytes(parts);
    const batch: Request = { kind: 'batch', accepts: frame, writes: writes.map((write) => write.operation) };
    this.#call(batch, [frame])
      .then((answer) => {
        if (answer.kind !== 'batch') throw unexpected(answer);
        this.#observer.committed(accepts.length + writes.length, answer.reply.commitMs);
        settleBatch(answer.reply, accepts, writes);
      })
      .catch((error: Error) => {
        for (const waiting of [...accepts, ...writes]) waiting.reject(error);
      })
      .finally(() => {
        this.#batches -= 1;
        this.#flush();
      });
  }

  #takeAccepts(): QueuedAccept[] {
    let count = 0;
    let bytes = 0;
    for (const { parts } of this.#accepts) {
      if (count >= MAX_BATCH_OPERATIONS || bytes >= MAX_BATCH_BYTES) break;
      count += 1;
      bytes += framedBytes(parts);
    }
    if (count < this.#accepts.length) return this.#accepts.splice(0, count);
    const all = this.#accepts;
    this.#accepts = [];
    return all;
  }

  #call(request: Request, transfer: ArrayBuffer[] = []): Promise<FromJournal> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise<FromJournal>((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id, now: this.#clock.now() }, transfer);
    });
  }

  #receive(message: FromJournal): void {
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (!this.#closing) this.#observer.status(message.status);
    if (message.kind !== 'fault') call?.resolve(message);
    else call?.reject(faultError(message));
  }

  #tick(): void {
    this.#call({ kind: 'tick' }).catch(() => undefined);
  }

  /** Nothing may wait for a thread that is gone: not what was asked, not what is still queued, not what comes. */
  #lose(error: Error): void {
    const expected = this.#closing;
    this.#closing = true;
    this.#lost = journalUnavailable('journal-failed', RETRY_AFTER_SECONDS.failed, error);
    clearInterval(this.#ticker);
    for (const call of this.#calls.values()) call.reject(this.#lost);
    this.#calls.clear();
    if (!expected) this.#observer.lost(error);
  }
}

function settleBatch(
  reply: BatchReply,
  accepts: readonly QueuedAccept[],
  writes: readonly QueuedWrite[],
): void {
  for (const [index, accept] of accepts.entries()) accept.resolve(reply.accepted[index] ?? ACCEPTED);
  for (const [index, write] of writes.entries()) {
    const written = reply.written[index];
    if (typeof written === 'string')
      write.reject(journalUnavailable('journal-failed', RETRY_AFTER_SECONDS.failed));
    else write.resolve(written);
  }
}

const ACCEPTED: AcceptReply = { kind: 'accepted' };

function faultError(message: Extract<FromJournal, { kind: 'fault' }>): GatewayError {
  const { code, disposition, message: text } = message.fault;
  if (disposition !== 'retry') return new GatewayError(code, disposition, text);
  return new GatewayError(code, disposition, text, { retryAfterSeconds: RETRY_AFTER_SECONDS.failed });
}

function unexpected(answer: FromJournal): Error {
  return new Error(`the journal thread answered ${answer.kind}`);
}

function unpackClaims(reply: ClaimReply): ClaimedDelivery[] {
  let at = 0;
  return reply.deliveries.map(({ headers, foci, bodyBytes, ...rest }) => {
    const body = Buffer.from(reply.bodies, at, bodyBytes);
    at += bodyBytes;
    return { ...rest, content: { headers, foci, body } };
  });
}
