import { AcknowledgementLedger } from '../../sandbox/ehr/acknowledgements.ts';
import { type Mix, STEADY_MIX } from '../../sandbox/ehr/mix.ts';
import type { SendOutcome } from '../../sandbox/ehr/outcome.ts';
import { type EhrRun, type FaultShares, startEhr } from '../../sandbox/ehr/run.ts';
import { EhrSender } from '../../sandbox/ehr/sender.ts';
import { type Signer, standardWebhooksSigner, webSubSigner } from '../../sandbox/ehr/signing.ts';
import { createWorkload, type WireFormat } from '../../sandbox/ehr/workload.ts';
import type { OrganizationParts } from './gateway-config.ts';

/** One EHR under load. */
export interface LoadSource {
  readonly organization: string;
  readonly source: string;
  readonly format: WireFormat;
  readonly scheme: 'standard-webhooks' | 'websub';
  readonly secret: string;
  /** Workloads side by side; each sends its notifications one after another. */
  readonly lanes: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly seed: string;
  readonly faults?: FaultShares;
  readonly ratePerSecond?: number;
  readonly mix?: Partial<Mix>;
  /** Replaces the signer of a source. */
  readonly signer?: Signer;
  readonly onOutcome?: (outcome: SendOutcome) => void;
}

const RETRY = { firstDelayMs: 10, maxDelayMs: 200, maxAttempts: Number.POSITIVE_INFINITY };

/** Small documents, so that the load is many events rather than many bytes. */
export const LOAD_MIX: Partial<Mix> = { ...STEADY_MIX, attachmentBytes: { from: 500, to: 20_000 } };

export function organizationsOf(sources: readonly LoadSource[]): OrganizationParts[] {
  const ids = [...new Set(sources.map(({ organization }) => organization))];
  return ids.map((id) => ({
    id,
    sources: sources
      .filter(({ organization }) => organization === id)
      .map(({ source, format, scheme, secret }) => ({
        id: source,
        profile: format,
        signature: { scheme, secrets: [{ id: 'k1', value: secret }] },
      })),
  }));
}

/** Several EHRs that send until they are stopped, and insist until each notification is answered for good. */
export class EhrLoad {
  readonly ledger = new AcknowledgementLedger();
  readonly problems: string[] = [];
  readonly #abort = new AbortController();
  readonly #senders: EhrSender[] = [];
  readonly #runs: EhrRun[] = [];
  acknowledged = 0;
  /** Answers that named an event stored before. */
  duplicates = 0;
  /** Duplicates that answered a repeated attempt, its first answer lost. */
  recovered = 0;

  constructor(sources: readonly LoadSource[], options: LoadOptions) {
    for (const source of sources) this.#startSource(source, options);
  }

  /** Takes up no further notification. Resolves when every one begun is answered. */
  async finish(): Promise<void> {
    for (const run of this.#runs) run.stop();
    await Promise.all(this.#runs.map(({ done }) => done));
    for (const sender of this.#senders) sender.close();
  }

  /** Ends everything at once. */
  async abandon(): Promise<void> {
    this.#abort.abort();
    await this.finish();
  }

  #startSource(source: LoadSource, options: LoadOptions): void {
    const name = `${source.organization}/${source.source}`;
    const sender = new EhrSender({
      name,
      target: `${options.url}/webhooks/${name}`,
      signer: options.signer ?? signerOf(source),
      connections: source.lanes * 2,
      retry: RETRY,
      signal: this.#abort.signal,
    });
    const workloads = Array.from({ length: source.lanes }, (_, index) =>
      createWorkload({
        format: source.format,
        seed: `${options.seed} ${name} ${index}`,
        lane: `${name}#${index}`,
        now: Date.now,
        mix: options.mix ?? LOAD_MIX,
      }),
    );
    this.#senders.push(sender);
    this.#runs.push(
      startEhr({
        sender,
        workloads,
        seed: `${options.seed} ${name}`,
        ...(options.faults === undefined ? {} : { faults: options.faults }),
        ...(options.ratePerSecond === undefined ? {} : { ratePerSecond: options.ratePerSecond }),
        onOutcome: (outcome) => this.#note(outcome, options),
      }),
    );
  }

  #note(outcome: SendOutcome, options: LoadOptions): void {
    this.ledger.add(outcome);
    if (outcome.problem !== undefined)
      this.problems.push(
        `${outcome.sender} ${outcome.intent} ${outcome.kind} ${outcome.attempts} ${outcome.lane} ${outcome.sequence} ${outcome.notificationId}: ${outcome.problem}`,
      );
    if (outcome.end === 'answered') this.acknowledged += 1;
    if (outcome.duplicate) this.duplicates += 1;
    if (outcome.duplicate && outcome.intent === 'original' && outcome.attempts > 1) this.recovered += 1;
    options.onOutcome?.(outcome);
  }
}

function signerOf({ scheme, secret }: LoadSource): Signer {
  return scheme === 'websub' ? webSubSigner(secret) : standardWebhooksSigner(secret);
}
