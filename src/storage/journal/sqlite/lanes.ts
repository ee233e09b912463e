import type { DatabaseSync } from 'node:sqlite';
import type { HmacSha256 } from '../../../kernel/hmac-sha256.ts';
import { blindIndex } from '../../../privacy/blind-index.ts';
import { Query } from './database.ts';
import { LaneTable } from './lane-table.ts';

const LANE_BYTES = 4;

/** Number of the lane of one focus of one source: 31 keyed bits. A collision only orders two lanes as one. */
export function laneOf(indexKey: HmacSha256, source: string, focus: string): number {
  return blindIndex(indexKey, 'lane', `${source}\0${focus}`, LANE_BYTES).readUInt32BE(0) >>> 1;
}

export function packLanes(lanes: Iterable<number>): Buffer {
  const distinct = [...new Set(lanes)];
  const packed = Buffer.allocUnsafe(distinct.length * LANE_BYTES);
  for (const [index, lane] of distinct.entries()) packed.writeUInt32BE(lane, index * LANE_BYTES);
  return packed;
}

function unpackLanes(packed: Uint8Array): number[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  return Array.from({ length: bytes.length / LANE_BYTES }, (_, index) =>
    bytes.readUInt32BE(index * LANE_BYTES),
  );
}

/**
 * First-in-first-out lanes. An event with several foci stands in several lanes and may go when it is first in each;
 * `delivery.blocked` counts those in which it is not. Head of line: while the first event of a lane is being retried,
 * the others of that lane wait; they go on when it was delivered or dead-lettered, which its retry budget bounds.
 *
 * Which lanes are occupied is kept in memory and read anew at opening. Only an event that has to wait gets a row, so that
 * the common event, alone in its lane, costs the disk nothing.
 */
export class Lanes {
  readonly #wait: Query<[number, number, number], never>;
  readonly #first: Query<[number], { ticket: number; event: number }>;
  readonly #advance: Query<[number, number], never>;
  readonly #unblock: Query<[number], never>;
  readonly #pendingLanes: Query<[], { lanes: Uint8Array }>;
  readonly #waitingLanes: Query<[], { lane: number; waiting: number }>;
  /** Occupied lanes, each with the number of events that wait behind its first. */
  readonly #occupied = new LaneTable();

  constructor(database: DatabaseSync) {
    this.#wait = new Query(database, 'INSERT INTO lane_wait (lane, ticket, event) VALUES (?, ?, ?)');
    this.#first = new Query(
      database,
      'SELECT ticket, event FROM lane_wait WHERE lane = ? ORDER BY ticket LIMIT 1',
    );
    this.#advance = new Query(database, 'DELETE FROM lane_wait WHERE lane = ? AND ticket = ?');
    this.#unblock = new Query(database, 'UPDATE delivery SET blocked = blocked - 1 WHERE event = ?');
    this.#pendingLanes = new Query(
      database,
      'SELECT lanes FROM delivery WHERE state = 0 AND length(lanes) > 0',
    );
    this.#waitingLanes = new Query(database, 'SELECT lane, count(*) AS waiting FROM lane_wait GROUP BY lane');
  }

  /** Reads anew which lanes are occupied. */
  reload(): void {
    this.#occupied.clear();
    for (const { lanes } of this.#pendingLanes.iterate()) {
      for (const lane of unpackLanes(lanes)) this.#occupied.set(lane, 0);
    }
    for (const { lane, waiting } of this.#waitingLanes.iterate()) this.#occupied.set(lane, waiting);
  }

  /** Puts an event at the end of its lanes. @returns in how many of them another stands in front. */
  enter(packed: Uint8Array, ticket: number, event: number): number {
    let blocked = 0;
    for (const lane of unpackLanes(packed)) {
      const waiting = this.#occupied.get(lane);
      if (waiting === undefined) {
        this.#occupied.set(lane, 0);
        continue;
      }
      this.#occupied.set(lane, waiting + 1);
      this.#wait.run(lane, ticket, event);
      blocked += 1;
    }
    return blocked;
  }

  /** Takes an event that was first in all of its lanes out, and lets the next of each move up. */
  leave(packed: Uint8Array): void {
    for (const lane of unpackLanes(packed)) {
      const next = (this.#occupied.get(lane) ?? 0) > 0 ? this.#first.get(lane) : undefined;
      if (next === undefined) {
        this.#occupied.delete(lane);
        continue;
      }
      this.#advance.run(lane, next.ticket);
      this.#unblock.run(next.event);
      this.#occupied.set(lane, (this.#occupied.get(lane) ?? 1) - 1);
    }
  }
}
