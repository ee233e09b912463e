import type { DatabaseSync } from 'node:sqlite';
import { auditRecordBytes, CHAIN_START, ChainHasher } from '../../../audit/chain.ts';
import type { AuditEntry } from '../../../audit/record.ts';
import { GatewayError } from '../../../kernel/errors.ts';
import type { OrganizationId } from '../../../kernel/ids.ts';
import { Query } from './database.ts';
import type { Names } from './names.ts';

type Chain = {
  readonly org: number;
  readonly hasher: ChainHasher;
  sequence: number;
  moved: boolean;
};

/** Appends to the audit chains; heads are kept in memory between commits and written once per commit. */
export class AuditWriter {
  readonly #names: Names;
  readonly #insert: Query<[number, number, number, Uint8Array, Uint8Array], never>;
  readonly #head: Query<[number], { seq: number; hash: Uint8Array }>;
  readonly #saveHead: Query<[number, number, Uint8Array], never>;
  readonly #record: Query<[number, number], { bytes: Uint8Array; hash: Uint8Array }>;
  readonly #chains = new Map<OrganizationId, Chain>();

  constructor(database: DatabaseSync, names: Names) {
    this.#names = names;
    this.#insert = new Query(
      database,
      'INSERT INTO audit (org, seq, at, bytes, hash) VALUES (?, ?, ?, ?, ?)',
    );
    this.#head = new Query(database, 'SELECT seq, hash FROM audit_head WHERE org = ?');
    this.#saveHead = new Query(
      database,
      'INSERT OR REPLACE INTO audit_head (org, seq, hash) VALUES (?, ?, ?)',
    );
    this.#record = new Query(database, 'SELECT bytes, hash FROM audit WHERE org = ? AND seq = ?');
  }

  /** Adds one record at epoch milliseconds `at`. @returns its place in the chain; the hash is valid until the next call. */
  append(
    organization: OrganizationId,
    entry: AuditEntry,
    at: number,
  ): { sequence: number; hash: Uint8Array } {
    const chain = this.#chains.get(organization) ?? this.#load(organization);
    const sequence = chain.sequence + 1;
    const bytes = auditRecordBytes(organization, sequence, at, entry);
    const hash = chain.hasher.next(sequence, bytes);
    this.#insert.run(chain.org, sequence, at, bytes, hash);
    chain.sequence = sequence;
    chain.moved = true;
    return { sequence, hash };
  }

  /** Writes the heads that moved: the last step before a commit. */
  saveHeads(): void {
    for (const chain of this.#chains.values()) {
      if (!chain.moved) continue;
      this.#saveHead.run(chain.org, chain.sequence, chain.hasher.hash);
      chain.moved = false;
    }
  }

  /** Forgets the heads: after a rollback, or when another process appended. */
  reset(): void {
    this.#chains.clear();
  }

  /** @throws GatewayError `audit-chain-broken` when the last record is not what the head says. */
  #load(organization: OrganizationId): Chain {
    const org = this.#names.idOf(organization);
    const head = this.#head.get(org) ?? { seq: 0, hash: CHAIN_START };
    const previous = head.seq <= 1 ? CHAIN_START : this.#record.get(org, head.seq - 1)?.hash;
    const hasher = new ChainHasher(organization, previous ?? CHAIN_START);
    if (head.seq > 0) {
      const last = this.#record.get(org, head.seq);
      if (last === undefined || !hasher.next(head.seq, last.bytes).equals(head.hash)) {
        throw new GatewayError(
          'audit-chain-broken',
          'park',
          `the audit chain of ${organization} does not end as its head says; run "portcullis audit verify" and restore from a backup`,
        );
      }
    }
    const chain = { org, hasher, sequence: head.seq, moved: false };
    this.#chains.set(organization, chain);
    return chain;
  }
}
