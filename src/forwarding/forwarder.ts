import { type Clock, SECOND } from '../kernel/clock.ts';
import type { EventSummary } from '../kernel/event.ts';
import type { EventId } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { type BreakerState, type CircuitBreaker, isBreakerOpen } from '../resilience/circuit-breaker.ts';
import { backoffDelay } from '../resilience/retry-schedule.ts';
import type { SourceScope } from '../tenancy/scope.ts';
import { buildCoreRequest, type SourceStanding } from './cloud-event.ts';
import { coreFaultCode } from './core-fault.ts';
import type { ClaimedDelivery, CorePort, CoreRequest, DeliveryPort, DeliverySettlement } from './ports.ts';
import { PrefetchQueue } from './prefetch-queue.ts';
import { type RetryBudget, settlementOf } from './settlement.ts';
import { failureCode, Settler } from './settler.ts';
import { judgeAnswer, judgeFault, type RetryVerdict, UpstreamFault, type Verdict } from './verdict.ts';
import type { WebhookSigner } from './webhook-signer.ts';

export interface ForwarderSettings {
  /** Most requests to the core platform at a time. */
  readonly concurrency: number;
  readonly retry: RetryBudget;
  /** Bodies held ahead of sending are bounded by this many bytes and one body more. */
  readonly prefetchBytes: number;
}

/** Told what happens, for metrics. */
export interface ForwardingObserver {
  attempted(settlement: DeliverySettlement, event: EventSummary): void;
  breakerChanged(state: BreakerState): void;
}

export interface ForwarderDeps {
  readonly deliveries: DeliveryPort;
  readonly core: CorePort;
  /** Made with `isUpstreamFault`. */
  readonly breaker: CircuitBreaker;
  readonly signer: WebhookSigner;
  readonly clock: Clock;
  /** What due times are reckoned by: a clock that never goes back. */
  readonly schedule?: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly observer?: ForwardingObserver;
  readonly standingOf?: (scope: SourceScope) => SourceStanding | undefined;
  readonly settings: ForwarderSettings;
}

export interface ForwarderState {
  readonly phase: 'idle' | 'running' | 'stopping' | 'stopped';
  readonly breaker: BreakerState;
  /** Claimed, not yet sent. */
  readonly prefetched: number;
  readonly sending: number;
  /** Answered, the outcome on its way into the journal. */
  readonly settling: number;
  /** Whether the journal last failed to hand out or to take up work. */
  readonly journalFailing: boolean;
}

/** Deliveries held per slot: enough to keep slots busy while the next claim is under way. */
const PREFETCH_PER_SLOT = 4;
/** Outcomes per slot that may wait for a commit before sending pauses. */
const SETTLING_PER_SLOT = 16;
/** Other processes replay through the same journal without telling this one. */
const IDLE_POLL_MS = SECOND;
/** After a claim that drained what was due, so that a steady trickle is claimed in batches. */
const COALESCE_MS = 1;
const CLAIM_DELAYS = { firstDelayMs: 100, maxDelayMs: 5 * SECOND };
/** How long a stop waits for requests to end once they were broken off. */
const ABORT_WAIT_MS = SECOND;

/**
 * Brings accepted events to the core platform: claims what is due, posts it, records the outcome.
 *
 * Order: the journal hands out one event per lane, so events with a common focus leave in order of acceptance. The
 * head of a lane blocks it while it is retried, until it is delivered or dead-lettered; other lanes go on.
 *
 * Outage: while the breaker is open nothing is attempted. Half-open, the event with the fewest attempts goes first,
 * lest one that the core platform always rejects keep the breaker open, and its failure costs it nothing. So only
 * answers and time-outs met while the breaker was closed lead to `attempts-exhausted`.
 */
export class Forwarder {
  readonly #deps: ForwarderDeps;
  readonly #schedule: Clock;
  readonly #settler: Settler;
  readonly #queue = new PrefetchQueue();
  readonly #sending = new Set<EventId>();
  #phase: ForwarderState['phase'] = 'idle';
  #claiming = false;
  /** Something may have become due since the last claim. */
  #claimWanted = true;
  #claimFailures = 0;
  #probing = false;
  #pumpScheduled = false;
  #restTimer: NodeJS.Timeout | undefined;
  #dueTimer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => {};
  #onDrained: () => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(deps: ForwarderDeps) {
    this.#deps = deps;
    this.#schedule = deps.schedule ?? deps.clock;
    const { deliveries, random, log } = deps;
    this.#settler = new Settler({ deliveries, random, log, onSettled: () => this.wake() });
  }

  /** Begins to claim and send; once only. */
  start(): void {
    if (this.#phase !== 'idle') return;
    this.#phase = 'running';
    this.#unsubscribe = this.#deps.breaker.onChange((state) => this.#breakerChanged(state));
    this.wake();
  }

  /** Says that something may be due. Cheap: many calls within a turn of the event loop cost one claim. */
  wake(): void {
    this.#claimWanted = true;
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  state(): ForwarderState {
    return {
      phase: this.#phase,
      breaker: this.#deps.breaker.state(),
      prefetched: this.#queue.length,
      sending: this.#sending.size,
      settling: this.#settler.pending,
      journalFailing: this.#claimFailures > 0 || this.#settler.failing,
    };
  }

  /**
   * Claims no more, waits for what is under way, then breaks off the rest; that is due again after the next start.
   * @param graceMs how long to wait, milliseconds.
   */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#phase = 'stopping';
    this.#unsubscribe();
    clearTimeout(this.#restTimer);
    clearTimeout(this.#dueTimer);
    this.#settler.release(this.#queue.clear());
    if (!(await this.#drained(graceMs))) {
      this.#settler.stopInsisting();
      this.#deps.core.abort();
      await this.#drained(ABORT_WAIT_MS);
      this.#settler.release([...this.#sending]);
    }
    this.#phase = 'stopped';
  }

  /** Resolves true as soon as nothing is under way, false when that takes too long. */
  #drained(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs);
      this.#onDrained = () => {
        if (this.#claiming || this.#sending.size > 0 || this.#settler.pending > 0) return;
        clearTimeout(timer);
        resolve(true);
      };
      this.#onDrained();
    });
  }

  #breakerChanged(state: BreakerState): void {
    this.#deps.log.warn('the breaker around the core platform changed', { breaker: state.kind });
    this.#deps.observer?.breakerChanged(state);
    this.wake();
  }

  /** Starts whatever can start now. Called after everything that may have made room or work. */
  #pump(): void {
    if (this.#phase === 'stopping') this.#onDrained();
    if (this.#phase !== 'running') return;
    const { kind } = this.#deps.breaker.state();
    if (kind === 'open') {
      this.#settler.release(this.#queue.clear());
      return;
    }
    if (kind === 'half-open') this.#probe();
    else this.#fillSlots();
    this.#claimIfWanted(kind);
  }

  #fillSlots(): void {
    while (this.#sending.size < this.#deps.settings.concurrency && !this.#settlingIsFull()) {
      const delivery = this.#queue.shift();
      if (delivery === undefined) return;
      this.#send(delivery, false);
    }
  }

  #settlingIsFull(): boolean {
    return this.#settler.pending >= this.#deps.settings.concurrency * SETTLING_PER_SLOT;
  }

  #probe(): void {
    if (this.#probing || this.#queue.length === 0) return;
    const probe = this.#queue.takeFreshest();
    this.#settler.release(this.#queue.clear());
    if (probe !== undefined) this.#send(probe, true);
  }

  #claimIfWanted(breaker: 'closed' | 'half-open'): void {
    if (!this.#claimWanted || this.#claiming || this.#restTimer !== undefined) return;
    if (breaker === 'half-open' && this.#probing) return;
    const { concurrency, prefetchBytes } = this.#deps.settings;
    const wanted = concurrency * PREFETCH_PER_SLOT;
    if (this.#queue.length > wanted / 2 || this.#queue.bytes >= prefetchBytes) return;
    const limits = { count: wanted - this.#queue.length, bytes: prefetchBytes - this.#queue.bytes };
    void this.#claim(limits).catch((error) => this.#unexpected(error));
  }

  async #claim(limits: { readonly count: number; readonly bytes: number }): Promise<void> {
    this.#claiming = true;
    this.#claimWanted = false;
    const startedAt = this.#schedule.now();
    try {
      const { deliveries, nextDueAt } = await this.#deps.deliveries.claim(limits);
      this.#claimFailures = 0;
      this.#claimed(deliveries, limits);
      this.#armDueTimer(nextDueAt, startedAt);
    } catch (error) {
      this.#claimFailed(error);
    } finally {
      this.#claiming = false;
    }
    this.#pump();
  }

  #claimed(
    deliveries: readonly ClaimedDelivery[],
    limits: { readonly count: number; readonly bytes: number },
  ): void {
    if (this.#phase !== 'running') {
      this.#settler.release(deliveries.map((delivery) => delivery.summary.id));
      return;
    }
    const bytesBefore = this.#queue.bytes;
    this.#queue.push(deliveries);
    const limited = deliveries.length >= limits.count || this.#queue.bytes - bytesBefore >= limits.bytes;
    if (limited) this.#claimWanted = true;
    else this.#rest(COALESCE_MS);
  }

  #claimFailed(error: unknown): void {
    this.#claimFailures += 1;
    if (this.#claimFailures === 1) {
      this.#deps.log.error('deliveries could not be claimed', { code: failureCode(error) });
    }
    this.#claimWanted = true;
    this.#rest(backoffDelay(CLAIM_DELAYS, this.#claimFailures, this.#deps.random) + COALESCE_MS);
  }

  /** Claims nothing for a while. */
  #rest(milliseconds: number): void {
    if (this.#phase !== 'running') return;
    this.#restTimer = setTimeout(() => {
      this.#restTimer = undefined;
      this.#pump();
    }, milliseconds);
  }

  /** What was due before the claim and was not handed out waits for its lane, and the next settlement wakes us. */
  #armDueTimer(nextDueAt: number | undefined, claimStartedAt: number): void {
    if (this.#phase !== 'running') return;
    clearTimeout(this.#dueTimer);
    const waits = nextDueAt !== undefined && nextDueAt > claimStartedAt;
    const delay = waits ? nextDueAt - this.#schedule.now() : IDLE_POLL_MS;
    this.#dueTimer = setTimeout(() => this.wake(), Math.min(Math.max(delay, COALESCE_MS), IDLE_POLL_MS));
  }

  #send(delivery: ClaimedDelivery, probe: boolean): void {
    this.#sending.add(delivery.summary.id);
    if (probe) this.#probing = true;
    void this.#deliver(delivery, probe).catch((error) => this.#unexpected(error));
  }

  async #deliver(delivery: ClaimedDelivery, probe: boolean): Promise<void> {
    const { id } = delivery.summary;
    const startedAt = this.#schedule.now();
    const verdict = await this.#attempt(delivery);
    this.#sending.delete(id);
    if (probe) this.#probing = false;
    if (verdict === undefined) {
      this.#settler.release([id]);
    } else {
      const { random, settings } = this.#deps;
      const timing = { startedAt, endedAt: this.#schedule.now() };
      const settlement = settlementOf(delivery, verdict, probe, timing, settings.retry, random);
      this.#settler.settle(settlement);
      this.#report(settlement, delivery);
    }
    this.#pump();
  }

  /** @returns undefined when nothing was attempted, or when it was we who broke it off. */
  async #attempt(delivery: ClaimedDelivery): Promise<Verdict | undefined> {
    try {
      const request = this.#requestOf(delivery);
      return await this.#deps.breaker.run(() => this.#post(request));
    } catch (error) {
      if (error instanceof UpstreamFault) return error.verdict;
      if (isBreakerOpen(error)) return undefined;
      this.#unexpected(error);
      return UNEXPECTED;
    }
  }

  #requestOf(delivery: ClaimedDelivery): CoreRequest {
    const { clock, signer, standingOf } = this.#deps;
    const sourceStanding = standingOf?.(delivery.summary);
    return buildCoreRequest(delivery, { signer, now: clock.now(), sourceStanding });
  }

  /** @throws UpstreamFault for what the breaker is to count. */
  async #post(request: CoreRequest): Promise<Verdict | undefined> {
    const verdict = await this.#deps.core
      .post(request)
      .then(judgeAnswer, (error: unknown) => judgeFault(coreFaultCode(error)));
    if (this.#phase !== 'running' && verdict.kind === 'retry' && verdict.reason === 'aborted')
      return undefined;
    if (verdict.kind === 'retry' && verdict.upstreamFault) throw new UpstreamFault(verdict);
    return verdict;
  }

  #report(settlement: DeliverySettlement, { summary }: ClaimedDelivery): void {
    const { log, observer } = this.#deps;
    observer?.attempted(settlement, summary);
    const fields = {
      event: summary.id,
      organization: summary.organization,
      source: summary.source,
      request_id: summary.requestId,
      attempt: settlement.attempt,
      outcome: settlement.kind,
      status: settlement.status,
      reason: settlement.kind === 'delivered' ? undefined : settlement.reason,
      duration_ms: settlement.durationMs,
    };
    if (settlement.kind === 'dead') log.warn('delivery', fields);
    else if (settlement.kind === 'retry') log.info('delivery', fields);
    else log.debug('delivery', fields);
  }

  #unexpected(error: unknown): void {
    this.#deps.log.error('forwarding met an unexpected error', { code: failureCode(error) });
  }
}

/** A defect of ours, met with one event: tried again later, and set aside when its budget is spent. */
const UNEXPECTED: RetryVerdict = {
  kind: 'retry',
  status: undefined,
  reason: 'unexpected',
  retryAfter: undefined,
  spendsBudget: true,
  upstreamFault: false,
};
