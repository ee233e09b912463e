import type { JournalConfig } from './config/types.ts';
import type { Forwarder, ForwardingObserver } from './forwarding/forwarder.ts';
import type { Readiness } from './http/ports.ts';
import type { InboundObserver } from './inbound/inbound-gate.ts';
import type { Log } from './kernel/log.ts';
import type { JournalObserver } from './storage/journal/sqlite/journal-client.ts';
import type { JournalStatus } from './storage/journal/sqlite/sqlite-journal.ts';
import type { ForwardingRecorder, JournalRecorder, Metrics } from './telemetry/metrics.ts';

/** Share of the backlog limit at which readiness warns. */
const BACKLOG_WARNING = 0.8;

/** How the journal fares, for metrics, readiness and the log. */
export class JournalHealth implements JournalObserver {
  readonly #recorder: JournalRecorder;
  readonly #limits: Pick<JournalConfig, 'maxBacklog' | 'minFreeBytes'>;
  readonly #log: Log;
  #status: JournalStatus | undefined;
  #failing = false;
  #lost: Error | undefined;
  /** Called once when the journal thread is gone. */
  onLost: (error: Error) => void = () => {};

  constructor(
    recorder: JournalRecorder,
    limits: Pick<JournalConfig, 'maxBacklog' | 'minFreeBytes'>,
    log: Log,
  ) {
    this.#recorder = recorder;
    this.#limits = limits;
    this.#log = log;
  }

  committed(operations: number, durationMs: number): void {
    this.#recorder.commit(operations, durationMs);
  }

  status(status: JournalStatus | undefined): void {
    const failing = status === undefined;
    if (failing !== this.#failing) {
      this.#failing = failing;
      if (failing) this.#log.error('the journal failed and is being reopened', { code: 'journal-failed' });
      else this.#log.info('the journal is open');
    }
    this.#status = status;
    if (status === undefined) return;
    this.#recorder.backlog(status.pending);
    this.#recorder.walBytes(status.walBytes);
  }

  lost(error: Error): void {
    this.#lost = error;
    this.onLost(error);
  }

  /** Why no event can be accepted now; empty when it can. */
  reasons(): string[] {
    if (this.#lost !== undefined || this.#failing || this.#status === undefined) return ['journal-failed'];
    const reasons: string[] = [];
    if (this.#status.pending >= this.#limits.maxBacklog) reasons.push('journal-backlog-full');
    if (this.#status.freeBytes < this.#limits.minFreeBytes) reasons.push('journal-disk-low');
    return reasons;
  }

  warnings(): string[] {
    const pending = this.#status?.pending ?? 0;
    return pending >= this.#limits.maxBacklog * BACKLOG_WARNING ? ['journal-backlog-high'] : [];
  }
}

/** A core platform that is down does not make the gateway unready: accepting and keeping events is its very job then. */
export function readiness(health: JournalHealth, forwarder: Forwarder): Readiness {
  const reasons = health.reasons();
  const { breaker, journalFailing } = forwarder.state();
  const warnings = health.warnings();
  if (breaker.kind !== 'closed') warnings.push(`core-breaker-${breaker.kind}`);
  if (journalFailing) warnings.push('forwarding-waits-for-journal');
  return { ready: reasons.length === 0, reasons, warnings };
}

export function forwardingObserver(recorder: ForwardingRecorder): ForwardingObserver {
  return {
    attempted: (settlement) => {
      const reason = settlement.kind === 'delivered' ? `status-${settlement.status ?? 0}` : settlement.reason;
      recorder.attempt(settlement.kind, reason, settlement.durationMs);
    },
    breakerChanged: (state) => recorder.breaker(state.kind),
  };
}

export function inboundObserver(metrics: Metrics, forwarder: Forwarder): InboundObserver {
  return {
    secretMatched: (scope, keyId, at) => metrics.secrets.matched(scope, keyId, at),
    accepted: () => forwarder.wake(),
  };
}
