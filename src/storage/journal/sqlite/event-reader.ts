import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { EventFilter } from '../../../forwarding/replay.ts';
import {
  DELIVERY_STATES,
  type DeliveryState,
  EVENT_TYPES,
  type EventSummary,
  type SealedContent,
} from '../../../kernel/event.ts';
import { type EventId, type OrganizationId, uuidToBytes } from '../../../kernel/ids.ts';
import type { Keyring } from '../../../privacy/keyring.ts';
import { Query } from './database.ts';
import { EVENT_COLUMNS, type EventRow, openContent, summaryOf } from './event-record.ts';
import type { Names } from './names.ts';
import { STATE } from './schema.ts';
import { patientToken, SubjectIndex } from './subject-index.ts';

/** What an operator sees of an event without opening its seal. */
export interface EventListing extends EventSummary {
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly replay: boolean;
  readonly lastStatus: number | undefined;
  readonly reason: string | undefined;
  /** Epoch milliseconds at which it falls due, while pending. */
  readonly dueAt: number | undefined;
  readonly keyId: string;
  readonly findings: readonly string[];
  readonly auditSequence: number;
}

/** `before` pages backwards from an event. */
type ListingFilter = EventFilter & { readonly before?: EventId };

type ListingRow = EventRow & {
  state: number;
  attempts: number;
  replay: number;
  last_status: number | null;
  reason: string | null;
  due_at: number;
};

const LISTING = `SELECT ${EVENT_COLUMNS}, d.state, d.attempts, d.replay, d.last_status, d.reason, d.due_at
  FROM event JOIN delivery d ON d.event = event.seq`;

/** Finds events; every question names an organization. */
export class EventReader {
  readonly #database: DatabaseSync;
  readonly #names: Names;
  readonly #keyring: Keyring;
  readonly #subjects: SubjectIndex;

  constructor(database: DatabaseSync, names: Names, keyring: Keyring) {
    this.#database = database;
    this.#names = names;
    this.#keyring = keyring;
    this.#subjects = new SubjectIndex(database);
  }

  /** Newest first. */
  list(filter: ListingFilter, limit: number): EventListing[] {
    const where = this.#where(filter);
    if (where === undefined) return [];
    const query = new Query<SQLInputValue[], ListingRow>(
      this.#database,
      `${LISTING} WHERE ${where.sql} ORDER BY event.seq DESC LIMIT ?`,
    );
    return query.all(...where.values, limit).map((row) => this.#listing(row));
  }

  count(filter: EventFilter): number {
    return this.#count(filter, 'TRUE');
  }

  /** Row keys of what a filter matches and replay may take (not what is pending already), oldest first. */
  replayable(filter: EventFilter, after: number, limit: number): { seq: number; id: Uint8Array }[] {
    const where = this.#where(filter);
    if (where === undefined) return [];
    const sql = `SELECT event.seq, event.id FROM event JOIN delivery d ON d.event = event.seq
      WHERE ${where.sql} AND event.seq > ? AND ${replayableStates(filter)} ORDER BY event.seq LIMIT ?`;
    return new Query<SQLInputValue[], { seq: number; id: Uint8Array }>(this.#database, sql).all(
      ...where.values,
      after,
      limit,
    );
  }

  /** How many events a replay of the filter would take. */
  countReplayable(filter: EventFilter): number {
    return this.#count(filter, replayableStates(filter));
  }

  find(organization: OrganizationId, id: EventId): EventListing | undefined {
    return this.list({ organization, ids: [id] }, 1)[0];
  }

  /** The sealed part, opened. Looking at it is to be audited by the caller. */
  content(organization: OrganizationId, id: EventId): SealedContent | undefined {
    const org = this.#names.find(organization);
    if (org === undefined) return undefined;
    const query = new Query<[number, Uint8Array], { sealed: Uint8Array }>(
      this.#database,
      'SELECT sealed FROM event WHERE org = ? AND id = ?',
    );
    const key = uuidToBytes(id);
    const row = query.get(org, key);
    return row === undefined ? undefined : openContent(this.#keyring, organization, key, row.sealed);
  }

  #count(filter: EventFilter, states: string): number {
    const where = this.#where(filter);
    if (where === undefined) return 0;
    const sql = `SELECT count(*) AS total FROM event JOIN delivery d ON d.event = event.seq
      WHERE ${where.sql} AND ${states}`;
    const query = new Query<SQLInputValue[], { total: number }>(this.#database, sql);
    return query.get(...where.values)?.total ?? 0;
  }

  #listing(row: ListingRow): EventListing {
    const state = DELIVERY_STATES[row.state];
    if (state === undefined) throw new Error(`the journal holds an unknown delivery state ${row.state}`);
    return {
      ...summaryOf(row, this.#names),
      state,
      attempts: row.attempts,
      replay: row.replay === 1,
      lastStatus: row.last_status ?? undefined,
      reason: row.reason ?? undefined,
      dueAt: state === 'pending' ? row.due_at : undefined,
      auditSequence: row.audit_seq,
    };
  }

  /** Undefined when the filter names what the journal has never seen: nothing can match. */
  #where(filter: ListingFilter): { sql: string; values: SQLInputValue[] } | undefined {
    const org = this.#names.find(filter.organization);
    if (org === undefined) return undefined;
    const terms = ['event.org = ?'];
    const values: SQLInputValue[] = [org];
    const add = (term: string, ...more: SQLInputValue[]) => {
      terms.push(term);
      values.push(...more);
    };
    if (filter.source !== undefined) {
      const source = this.#names.find(filter.source);
      if (source === undefined) return undefined;
      add('event.source = ?', source);
    }
    if (filter.state !== undefined) add('d.state = ?', STATE[filter.state]);
    if (filter.type !== undefined) add('event.type = ?', EVENT_TYPES.indexOf(filter.type));
    if (filter.receivedFrom !== undefined) add('event.received_at >= ?', filter.receivedFrom);
    if (filter.receivedTo !== undefined) add('event.received_at < ?', filter.receivedTo);
    if (filter.ids !== undefined)
      add(`event.id IN (${filter.ids.map(() => '?').join(',')})`, ...filter.ids.map(uuidToBytes));
    if (filter.before !== undefined)
      add('event.seq < (SELECT seq FROM event WHERE id = ?)', uuidToBytes(filter.before));
    if (filter.patient !== undefined) {
      const token = patientToken(this.#keyring.indexKey(filter.organization), filter.patient);
      add(
        '(event.seq IN (SELECT event FROM subject WHERE token = ?) OR (event.seq > ? AND instr(event.subjects, ?) > 0))',
        token,
        this.#subjects.indexedTo,
        token,
      );
    }
    return { sql: terms.join(' AND '), values };
  }
}

/**
 * What a replay may take: what was settled. What is held in quarantine or was meant for the gateway only goes out when the
 * filter names that state, never because it happens to match.
 */
function replayableStates({ state }: EventFilter): string {
  return state === undefined
    ? `d.state IN (${STATE.delivered}, ${STATE.dead})`
    : `d.state <> ${STATE.pending}`;
}
