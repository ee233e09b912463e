import { FORGERIES, type Intent, withOtherContent } from './intents.ts';
import { isAcknowledged, type SendOutcome } from './outcome.ts';
import { Random } from './random.ts';
import { pause } from './retry.ts';
import type { EhrSender } from './sender.ts';
import type { Notification, Workload } from './workload.ts';

/** Shares of notifications that deliberate faults go with, each from 0 to 1. Originals are sent in any case. */
export interface FaultShares {
  /** Sent again, byte for byte, after the acknowledgement. */
  readonly duplicate: number;
  /** Sent twice at the same time. */
  readonly concurrentDuplicate: number;
  /** Sent again with other content under the same id, properly signed. */
  readonly conflict: number;
  /** Sent first with a bad, old or missing signature. */
  readonly forged: number;
}

export const NO_FAULTS: FaultShares = { duplicate: 0, concurrentDuplicate: 0, conflict: 0, forged: 0 };

export interface EhrRunOptions {
  readonly sender: EhrSender;
  /** Each is sent in its own order, one notification at a time; several are sent side by side. */
  readonly workloads: readonly Workload[];
  /** Originals to send over all workloads; goes on until stopped where it is not given. */
  readonly total?: number;
  readonly faults?: FaultShares;
  /** Seed of which notifications the faults go with. */
  readonly seed?: string;
  /** Most originals a second, over all workloads; as fast as answers come where it is not given. */
  readonly ratePerSecond?: number;
  readonly onOutcome?: (outcome: SendOutcome) => void;
}

export interface EhrRun {
  /** Resolves when every workload has ended. */
  readonly done: Promise<{ readonly originals: number; readonly acknowledged: number }>;
  /** Takes up no further notification; those begun are finished. */
  stop(): void;
}

/** Starts sending. Aborting the sender's signal ends it at once; `stop` lets begun sendings finish. */
export function startEhr(options: EhrRunOptions): EhrRun {
  const run = new Run(options);
  return { done: run.go(), stop: () => run.stop() };
}

class Run {
  readonly #options: EhrRunOptions;
  readonly #faults: FaultShares;
  readonly #random: Random;
  readonly #stopping = new AbortController();
  readonly #startedAt = performance.now();
  #originals = 0;
  #acknowledged = 0;

  constructor(options: EhrRunOptions) {
    this.#options = options;
    this.#faults = options.faults ?? NO_FAULTS;
    this.#random = new Random(`faults ${options.seed ?? options.sender.name}`);
  }

  stop(): void {
    this.#stopping.abort();
  }

  async go(): Promise<{ originals: number; acknowledged: number }> {
    await Promise.all(this.#options.workloads.map((workload) => this.#drive(workload)));
    return { originals: this.#originals, acknowledged: this.#acknowledged };
  }

  async #drive(workload: Workload): Promise<void> {
    while (this.#takeTurn() && (await this.#keepRate())) {
      if ((await this.#cover(workload.next())) === 'aborted') return;
    }
  }

  #takeTurn(): boolean {
    if (this.#stopping.signal.aborted || this.#originals >= (this.#options.total ?? Number.POSITIVE_INFINITY))
      return false;
    this.#originals += 1;
    return true;
  }

  async #keepRate(): Promise<boolean> {
    const rate = this.#options.ratePerSecond;
    if (rate === undefined) return true;
    const due = this.#startedAt + ((this.#originals - 1) * 1000) / rate;
    const early = due - performance.now();
    const goesOn = early <= 0 || (await pause(early, this.#stopping.signal));
    if (!goesOn) this.#originals -= 1;
    return goesOn;
  }

  /** One original with the faults that go with it. */
  async #cover(notification: Notification): Promise<SendOutcome['end']> {
    if (this.#random.chance(this.#faults.forged)) await this.#send(notification, this.#forgery());
    const original = await this.#original(notification);
    if (!isAcknowledged(original)) return original.end;
    if (this.#repeatable(notification, this.#faults.duplicate))
      await this.#send(notification, 'duplicate', original);
    if (this.#repeatable(notification, this.#faults.conflict)) {
      const other = withOtherContent(notification);
      if (other !== undefined) await this.#send(other, 'conflict', original);
    }
    return original.end;
  }

  async #original(notification: Notification): Promise<SendOutcome> {
    if (!this.#repeatable(notification, this.#faults.concurrentDuplicate))
      return this.#send(notification, 'original');
    const pair = await Promise.all([
      this.#options.sender.send(notification),
      this.#options.sender.send(notification),
    ]);
    return this.#reportPair(pair);
  }

  /** Of two sent at once either may be first: the one that is not called a duplicate counts as the original. */
  #reportPair([one, two]: [SendOutcome, SendOutcome]): SendOutcome {
    const [original, second] = one.duplicate ? [two, one] : [one, two];
    const problem =
      second.eventId === original.eventId ? undefined : 'events sent twice at once got two event ids';
    const missed =
      isAcknowledged(second) && !second.duplicate ? 'a concurrent duplicate was not recognised' : undefined;
    this.#report({ ...original, problem: judgedAlone(original) });
    this.#report({ ...second, intent: 'duplicate', problem: problem ?? missed ?? judgedAlone(second) });
    return original;
  }

  async #send(notification: Notification, intent: Intent, original?: SendOutcome): Promise<SendOutcome> {
    const options = original === undefined ? { intent } : { intent, original };
    const outcome = await this.#options.sender.send(notification, options);
    this.#report(outcome);
    return outcome;
  }

  #report(outcome: SendOutcome): void {
    if (outcome.intent === 'original' && isAcknowledged(outcome)) this.#acknowledged += 1;
    this.#options.onOutcome?.(outcome);
  }

  /** Empty bodies name nothing, so sending one again is a new event, not a duplicate. */
  #repeatable(notification: Notification, share: number): boolean {
    return this.#random.chance(share) && notification.body.length > 0;
  }

  #forgery(): Intent {
    const signsTime = this.#options.sender.signer.signsTime;
    return this.#random.pick(FORGERIES.filter((forgery) => forgery !== 'stale-timestamp' || signsTime));
  }
}

/** The judgement of a sending that could not know whether it came first. */
function judgedAlone(outcome: SendOutcome): string | undefined {
  return outcome.duplicate && isAcknowledged(outcome) ? undefined : outcome.problem;
}
