import { parentPort } from 'node:worker_threads';
import type { ClaimedDelivery } from '../../../forwarding/ports.ts';
import { errorMessage, GatewayError } from '../../../kernel/errors.ts';
import { Claims } from './claims.ts';
import type { AcceptOperation, AcceptReply, ReplayChunk, WriteOperation } from './operations.ts';
import {
  type BatchReply,
  type ClaimReply,
  type FromJournal,
  type JournalFault,
  type ToJournal,
  unframeAccepts,
} from './protocol.ts';
import { type JournalSettings, SqliteJournal } from './sqlite-journal.ts';

/**
 * The journal thread: it alone waits for fsync. A commit that fails leaves nothing of its batch stored; the database is
 * then closed and opened anew, never fsynced again through the same handle, since after a failed fsync the kernel counts
 * the lost pages as clean. While it cannot be opened, everything is answered `journal-failed`.
 */
const REOPEN_PAUSE_MS = 200;
const FAULT_FAILED: JournalFault = {
  code: 'journal-failed',
  disposition: 'retry',
  message: 'the journal could not commit',
};

class JournalHost {
  #settings: JournalSettings | undefined;
  #journal: SqliteJournal | undefined;
  #now = 0;
  /** On the clock of `performance.now()`, which starts at about 0. */
  #failedAt = Number.NEGATIVE_INFINITY;
  readonly #claims = new Claims();
  readonly #clock = { now: () => this.#now };

  handle(message: ToJournal): { answer: FromJournal; transfer: ArrayBuffer[] } {
    this.#now = message.now;
    try {
      return this.#dispatch(message);
    } catch (error) {
      return this.#fault(message.id, error instanceof GatewayError ? error : FAULT_FAILED);
    }
  }

  #dispatch(message: ToJournal): { answer: FromJournal; transfer: ArrayBuffer[] } {
    const { id } = message;
    switch (message.kind) {
      case 'open':
        this.#settings = message.settings;
        this.#journal = this.#openJournal(message.settings);
        this.#journal.prepare(message.organizations);
        this.#journal.limitWaits();
        return this.#done(id);
      case 'batch':
        return this.#answer({
          id,
          kind: 'batch',
          reply: this.#batch(unframeAccepts(message.accepts), message.writes),
        });
      case 'claim': {
        const reply = claimReply(this.#guard((journal) => journal.claim(message, message.dueBy)));
        return { answer: { id, status: this.#status(), kind: 'claim', reply }, transfer: [reply.bodies] };
      }
      case 'release':
        this.#claims.release(message.events);
        return this.#done(id);
      case 'prepare':
        this.#guard((journal) => journal.prepare(message.organizations));
        return this.#done(id);
      case 'preview':
        return this.#answer({
          id,
          kind: 'preview',
          report: this.#guard((journal) => journal.previewReplay(message.filter)),
        });
      case 'tick':
        this.#guard((journal) => {
          journal.measure();
          journal.commit([], [{ kind: 'maintain' }]);
        });
        return this.#done(id);
      case 'close':
        this.#journal?.close();
        this.#journal = undefined;
        this.#settings = undefined;
        return this.#done(id);
    }
  }

  /** One commit for all; when that fails for one operation's sake, each is tried by itself so that the others land. */
  #batch(accepts: readonly AcceptOperation[], writes: readonly WriteOperation[]): BatchReply {
    const started = performance.now();
    const reply = (
      accepted: readonly AcceptReply[],
      written: readonly (ReplayChunk | string | undefined)[],
    ): BatchReply => ({
      accepted: accepted.map((one) => (one.kind === 'accepted' ? null : one)),
      written,
      commitMs: performance.now() - started,
    });
    try {
      const { accepted, written } = this.#guard((journal) => journal.commit(accepts, writes));
      return reply(accepted, written);
    } catch (error) {
      if (isStorageFailure(error) || accepts.length + writes.length <= 1) throw error;
    }
    return reply(
      accepts.map((accept) =>
        this.#alone(
          () => this.#guard((journal) => journal.commit([accept], [])).accepted[0] ?? UNSTORABLE,
          UNSTORABLE,
        ),
      ),
      writes.map((write) =>
        this.#alone(
          () => this.#guard((journal) => journal.commit([], [write])).written[0],
          FAULT_FAILED.code,
        ),
      ),
    );
  }

  #alone<Reply, Failure>(attempt: () => Reply, failure: Failure): Reply | Failure {
    try {
      return attempt();
    } catch {
      return failure;
    }
  }

  /**
   * What can wait until an answer is out: folding the log back. Where it fails, the commits before it hold all the same:
   * only the handle is lost.
   */
  afterAnswer(): void {
    if (this.#journal === undefined) return;
    try {
      this.#guard((journal) => journal.checkpoint());
    } catch {
      // The answer's status says that the journal is being reopened.
    }
  }

  /** Runs work on the open journal; an error costs the handle. */
  #guard<Result>(work: (journal: SqliteJournal) => Result): Result {
    const journal = this.#journal ?? this.#reopen();
    try {
      return work(journal);
    } catch (error) {
      this.#journal = undefined;
      if (isStorageFailure(error)) this.#failedAt = performance.now();
      closeQuietly(journal);
      throw error;
    }
  }

  #reopen(): SqliteJournal {
    if (this.#settings === undefined)
      throw new GatewayError('journal-closing', 'retry', 'the journal is closed');
    if (performance.now() - this.#failedAt < REOPEN_PAUSE_MS)
      throw new Error('the journal is being reopened');
    this.#failedAt = performance.now();
    this.#journal = this.#openJournal(this.#settings);
    this.#failedAt = Number.NEGATIVE_INFINITY;
    return this.#journal;
  }

  #openJournal(settings: JournalSettings): SqliteJournal {
    return new SqliteJournal(settings, this.#clock, 'owner', this.#claims);
  }

  #status(): FromJournal['status'] {
    return this.#journal?.status();
  }

  #done(id: number): { answer: FromJournal; transfer: ArrayBuffer[] } {
    return this.#answer({ id, kind: 'done' });
  }

  #answer(answer: DistributiveOmit<FromJournal, 'status'>): { answer: FromJournal; transfer: ArrayBuffer[] } {
    return { answer: { ...answer, status: this.#status() }, transfer: [] };
  }

  #fault(id: number, fault: JournalFault): { answer: FromJournal; transfer: ArrayBuffer[] } {
    const { code, disposition, message } = fault;
    return this.#answer({ id, kind: 'fault', fault: { code, disposition, message } });
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

const UNSTORABLE: AcceptReply = { kind: 'unavailable', code: 'journal-failed' };

/** SQLite primary result codes: PERM, BUSY, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const STORAGE_FAILURES = new Set([3, 5, 8, 10, 11, 13, 14, 15, 26]);

/** Whether the file or the disk failed, rather than one operation of the batch. */
function isStorageFailure(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && STORAGE_FAILURES.has(Number(error.errcode) & 0xff);
}

function closeQuietly(journal: SqliteJournal): void {
  try {
    journal.close();
  } catch (error) {
    process.emitWarning(`closing the failed journal: ${errorMessage(error)}`);
  }
}

function claimReply(claimed: {
  deliveries: readonly ClaimedDelivery[];
  nextDueAt: number | undefined;
}): ClaimReply {
  const total = claimed.deliveries.reduce((sum, { content }) => sum + content.body.length, 0);
  const bodies = new ArrayBuffer(total);
  const target = Buffer.from(bodies);
  let at = 0;
  const deliveries = claimed.deliveries.map(({ content, ...rest }) => {
    at += content.body.copy(target, at);
    return { ...rest, headers: content.headers, foci: content.foci, bodyBytes: content.body.length };
  });
  return { deliveries, bodies, nextDueAt: claimed.nextDueAt };
}

const port = parentPort;
if (port === null) throw new Error('the journal thread was started outside a worker');
const host = new JournalHost();
port.on('message', (message: ToJournal) => {
  const { answer, transfer } = host.handle(message);
  port.postMessage(answer, transfer);
  if (message.kind === 'close') port.close();
  else host.afterAnswer();
});
