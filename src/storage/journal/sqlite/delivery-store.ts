import type { DatabaseSync } from 'node:sqlite';
import type { ClaimedDelivery, DeliverySettlement } from '../../../forwarding/ports.ts';
import { GatewayError } from '../../../kernel/errors.ts';
import { type EventId, eventIdFromBytes, type OrganizationId, uuidToBytes } from '../../../kernel/ids.ts';
import type { Keyring } from '../../../privacy/keyring.ts';
import type { AuditWriter } from './audit-writer.ts';
import type { Claims } from './claims.ts';
import { Query } from './database.ts';
import { EVENT_COLUMNS, type EventRow, openContent, summaryOf } from './event-record.ts';
import { Lanes } from './lanes.ts';
import type { Names } from './names.ts';
import { STATE } from './schema.ts';

type DeliveryRow = {
  event: number;
  state: number;
  ticket: number;
  attempts: number;
  spent: number;
  replay: number;
  lanes: Uint8Array;
};
type ClaimRow = EventRow & { sealed: Uint8Array; attempts: number; spent: number; replay: number };
type Outcome = {
  readonly state: number;
  readonly dueAt: number;
  readonly spent: number;
  readonly reason: string | null;
};

/** `damaged`: due events whose seal does not open; they are to be dead-lettered, or they would be due for ever. */
export interface ClaimOutcome {
  readonly deliveries: ClaimedDelivery[];
  readonly damaged: { readonly event: EventId; readonly attempt: number; readonly reason: string }[];
  readonly nextDueAt: number | undefined;
}

/** Deliveries: who is due, who is claimed by this process, and what became of each attempt. */
export class DeliveryStore {
  readonly #keyring: Keyring;
  readonly #names: Names;
  readonly #audit: AuditWriter;
  readonly #lanes: Lanes;
  readonly #insert: Query<[number, number, number, number, number, number, Uint8Array], never>;
  readonly #due: Query<[number, number], { event: number; due_at: number }>;
  readonly #nextDue: Query<[number], { due_at: number | null }>;
  readonly #load: Query<[number], ClaimRow>;
  readonly #row: Query<[number], DeliveryRow>;
  readonly #update: Query<
    [number, number, number, number, number | null, string | null, number, number],
    never
  >;
  readonly #restart: Query<[number, number, number, number, number], never>;
  readonly #lastTicket: Query<[], { last: number | null }>;
  readonly #advance: Query<[number, number], never>;
  readonly #countPending: Query<[], { pending: number }>;
  readonly #bySequence: Query<[Uint8Array], { seq: number; org: number }>;
  readonly #claims: Claims;
  #ticket: number;
  #pending: number;

  constructor(
    database: DatabaseSync,
    parts: { keyring: Keyring; names: Names; audit: AuditWriter; claims: Claims },
  ) {
    this.#claims = parts.claims;
    this.#keyring = parts.keyring;
    this.#names = parts.names;
    this.#audit = parts.audit;
    this.#lanes = new Lanes(database);
    this.#insert = new Query(
      database,
      `INSERT INTO delivery (event, state, due_at, ticket, blocked, updated_at, lanes, attempts, spent, replay)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)`,
    );
    this.#due = new Query(
      database,
      'SELECT event, due_at FROM delivery WHERE state = 0 AND blocked = 0 AND due_at <= ? ORDER BY due_at, ticket LIMIT ?',
    );
    this.#nextDue = new Query(
      database,
      'SELECT min(due_at) AS due_at FROM delivery WHERE state = 0 AND blocked = 0 AND due_at > ?',
    );
    this.#load = new Query(
      database,
      `SELECT ${EVENT_COLUMNS}, event.sealed, d.attempts, d.spent, d.replay
       FROM event JOIN delivery d ON d.event = event.seq WHERE event.seq = ?`,
    );
    this.#row = new Query(
      database,
      'SELECT event, state, ticket, attempts, spent, replay, lanes FROM delivery WHERE event = ?',
    );
    this.#update = new Query(
      database,
      `UPDATE delivery SET state = ?, due_at = ?, attempts = ?, spent = ?, last_status = ?, reason = ?, updated_at = ?
       WHERE event = ?`,
    );
    this.#restart = new Query(
      database,
      `UPDATE delivery SET state = 0, due_at = ?, ticket = ?, blocked = ?, updated_at = ?,
       attempts = 0, spent = 0, replay = 1, reason = NULL, last_status = NULL WHERE event = ?`,
    );
    this.#lastTicket = new Query(database, 'SELECT max(ticket) AS last FROM delivery');
    this.#advance = new Query(database, 'UPDATE delivery SET due_at = ? WHERE state = 0 AND due_at > ?');
    this.#countPending = new Query(database, 'SELECT count(*) AS pending FROM delivery WHERE state = 0');
    this.#bySequence = new Query(database, 'SELECT seq, org FROM event WHERE id = ?');
    this.#ticket = 0;
    this.#pending = 0;
    this.reset();
  }

  /** Events that wait for delivery. */
  get pending(): number {
    return this.#pending;
  }

  /** Counts anew what is kept in memory: after a rollback, or when another process wrote. Claims stay. */
  reset(): void {
    this.#ticket = this.#lastTicket.get()?.last ?? 0;
    this.#pending = this.#countPending.get()?.pending ?? 0;
    this.#lanes.reload();
  }

  /** Nothing waits longer than `latest`: due times made before the machine's clock was set back lie too far ahead. */
  bringForward(latest: number): void {
    this.#advance.run(latest, latest);
  }

  add(event: number, state: 'pending' | 'consumed' | 'quarantined', lanes: Buffer, at: number): void {
    this.#ticket += 1;
    const pending = state === 'pending';
    const blocked = pending ? this.#lanes.enter(lanes, this.#ticket, event) : 0;
    this.#insert.run(event, STATE[state], at, this.#ticket, blocked, at, lanes);
    if (pending) this.#pending += 1;
  }

  /** Puts a settled event back at the end of its lanes. @returns false when it is pending already. */
  restart(event: number, at: number): boolean {
    const row = this.#row.get(event);
    if (row === undefined || row.state === STATE.pending) return false;
    this.#ticket += 1;
    const blocked = this.#lanes.enter(row.lanes, this.#ticket, event);
    this.#restart.run(at, this.#ticket, blocked, at, event);
    this.#pending += 1;
    return true;
  }

  /** Reads committed state only: call it outside the write transaction. */
  claim(limits: { count: number; bytes: number }, now: number): ClaimOutcome {
    const deliveries: ClaimedDelivery[] = [];
    const taken: [row: number, event: EventId][] = [];
    const damaged: ClaimOutcome['damaged'] = [];
    let bytes = 0;
    for (const { event } of this.#due.all(now, limits.count + this.#claims.size)) {
      if (this.#claims.has(event)) continue;
      if (deliveries.length >= limits.count || bytes >= limits.bytes) break;
      const row = this.#load.get(event);
      if (row === undefined) throw new Error(`delivery ${event} has no event`);
      try {
        const delivery = this.#open(row);
        taken.push([event, delivery.summary.id]);
        bytes += delivery.content.body.length;
        deliveries.push(delivery);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        damaged.push({ event: eventIdFromBytes(row.id), attempt: row.attempts, reason: error.code });
      }
    }
    const nextDueAt = this.#nextDue.get(now)?.due_at ?? undefined;
    for (const [row, id] of taken) this.#claims.add(row, id);
    return { deliveries, damaged, nextDueAt };
  }

  #open(row: ClaimRow): ClaimedDelivery {
    const { keyId: _keyId, findings: _findings, ...summary } = summaryOf(row, this.#names);
    return {
      summary,
      content: openContent(this.#keyring, summary.organization, row.id, row.sealed),
      attempt: row.attempts + 1,
      spentAttempts: row.spent,
      replay: row.replay === 1,
      auditSequence: row.audit_seq,
      auditHash: Buffer.from(row.audit_hash).toString('hex'),
    };
  }

  /** Records one attempt with its audit record. The claim itself is released by the caller, after the commit. */
  settle(settlement: DeliverySettlement, now: number): void {
    const found = this.#bySequence.get(uuidToBytes(settlement.event));
    const row = found === undefined ? undefined : this.#row.get(found.seq);
    if (found === undefined || row === undefined || row.state !== STATE.pending) return;
    const outcome = outcomeOf(settlement, row, now);
    const { state, dueAt, spent, reason } = outcome;
    this.#update.run(
      state,
      dueAt,
      settlement.attempt,
      spent,
      settlement.status ?? null,
      reason,
      now,
      row.event,
    );
    if (state !== STATE.pending) {
      this.#lanes.leave(row.lanes);
      this.#pending -= 1;
    }
    this.#audit.append(
      this.#names.textOf(found.org) as OrganizationId,
      settlementEntry(settlement, row.replay === 1),
      now,
    );
  }
}

function outcomeOf(settlement: DeliverySettlement, row: DeliveryRow, now: number): Outcome {
  switch (settlement.kind) {
    case 'delivered':
      return { state: STATE.delivered, dueAt: now, spent: row.spent + 1, reason: null };
    case 'dead':
      return { state: STATE.dead, dueAt: now, spent: row.spent + 1, reason: settlement.reason };
    case 'retry': {
      const spent = row.spent + (settlement.spendsBudget ? 1 : 0);
      return { state: STATE.pending, dueAt: settlement.dueAt, spent, reason: settlement.reason };
    }
  }
}

const SETTLEMENT_ACTION = {
  delivered: 'delivery.complete',
  retry: 'delivery.retry',
  dead: 'delivery.dead-letter',
} as const;

function settlementEntry(settlement: DeliverySettlement, replay: boolean) {
  return {
    action: SETTLEMENT_ACTION[settlement.kind],
    actor: 'gateway',
    target: `event:${settlement.event}`,
    outcome: settlement.kind === 'delivered' ? 'success' : 'failure',
    ...(settlement.kind === 'delivered' ? {} : { reason: settlement.reason }),
    detail: {
      attempt: settlement.attempt,
      replay,
      ...(settlement.status === undefined ? {} : { status: settlement.status }),
    },
  } as const;
}
