import type { Clock } from '../kernel/clock.ts';
import { toInstant } from '../kernel/clock.ts';
import { GATEWAY_SCOPE, type OrganizationId } from '../kernel/ids.ts';
import type { SourceScope } from '../tenancy/scope.ts';
import type { AuditEntry } from './record.ts';

/** Appends one record to an organization's chain. Resolves when it is durable. */
export interface AuditPort {
  append(organization: OrganizationId, entry: AuditEntry): Promise<void>;
}

type Run = {
  readonly entry: AuditEntry;
  readonly organization: OrganizationId;
  count: number;
  firstAt: number;
  lastAt: number;
};

/**
 * Audits refusals without letting an attacker fill the disk: of equal refusals (same source, same reason) the first is
 * recorded by itself before it is answered; those that follow are counted, and each flush writes one record with the
 * count and the times of the first and the last. At most one record per source and reason stands per flush.
 */
export class RefusalLog {
  readonly #audit: AuditPort;
  readonly #clock: Clock;
  readonly #onCollapsed: () => void;
  readonly #runs = new Map<string, Run>();

  constructor(audit: AuditPort, clock: Clock, onCollapsed: () => void = () => {}) {
    this.#audit = audit;
    this.#clock = clock;
    this.#onCollapsed = onCollapsed;
  }

  /** @throws GatewayError when the first record of a run could not be stored. */
  async refused(refusal: {
    readonly scope: SourceScope | undefined;
    readonly entry: AuditEntry;
  }): Promise<void> {
    const { scope, entry } = refusal;
    const organization = scope?.organization ?? GATEWAY_SCOPE;
    const key = `${organization}/${scope?.source ?? ''}/${entry.reason ?? ''}`;
    const run = this.#runs.get(key);
    const now = this.#clock.now();
    if (run !== undefined) {
      if (run.count === 0) run.firstAt = now;
      run.count += 1;
      run.lastAt = now;
      this.#onCollapsed();
      return;
    }
    const begun: Run = { entry, organization, count: 0, firstAt: now, lastAt: now };
    this.#runs.set(key, begun);
    try {
      await this.#audit.append(organization, entry);
    } catch (error) {
      // What was counted meanwhile was answered already: the next flush tells it.
      if (begun.count === 0 && this.#runs.get(key) === begun) this.#runs.delete(key);
      throw error;
    }
  }

  /** Writes what was counted since the last flush. What cannot be written now is kept for the next. */
  async flush(): Promise<void> {
    await Promise.all([...this.#runs].map(([key, run]) => this.#flushRun(key, run)));
  }

  async #flushRun(key: string, run: Run): Promise<void> {
    if (run.count === 0) {
      this.#runs.delete(key);
      return;
    }
    const { count, firstAt, lastAt } = run;
    run.count = 0;
    const detail = { count, first: toInstant(firstAt), last: toInstant(lastAt) };
    const { requestId: _ofTheFirst, ...entry } = run.entry;
    try {
      await this.#audit.append(run.organization, { ...entry, detail });
    } catch (error) {
      this.#restore(key, run, count, firstAt);
      throw error;
    }
  }

  /** Another flush may have ended the run in the meantime, and a refusal have begun a new one. */
  #restore(key: string, run: Run, count: number, firstAt: number): void {
    const standing = this.#runs.get(key) ?? run;
    this.#runs.set(key, standing);
    if (standing.count === 0) standing.lastAt = run.lastAt;
    standing.count += count;
    standing.firstAt = firstAt;
  }
}
