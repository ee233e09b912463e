import { createHash } from 'node:crypto';
import { type Intent, signatureHeaders } from './intents.ts';
import { judge, type SendOutcome } from './outcome.ts';
import { Random } from './random.ts';
import { isRetryable, PATIENT_RETRY, pause, type RetryPolicy, retryDelay } from './retry.ts';
import type { Signer } from './signing.ts';
import { type HttpAnswer, type TlsIdentity, Transport } from './transport.ts';
import type { Notification } from './workload.ts';

export interface EhrSenderOptions {
  /** Appears in outcomes, such as `mercy/ehr`. */
  readonly name: string;
  /** URL of the source at the gateway, without a final slash. */
  readonly target: string;
  readonly signer: Signer;
  readonly connections: number;
  /** After this long without an answer an attempt counts as a network fault; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  readonly tls?: TlsIdentity;
  /** Epoch milliseconds for signatures; the system's unless told. */
  readonly now?: () => number;
  /** Ends waits and open requests at once. */
  readonly signal?: AbortSignal;
}

export interface SendOptions {
  readonly intent?: Intent;
  /** The acknowledgement that a duplicate or a conflict follows. */
  readonly original?: SendOutcome;
}

type Attempted = {
  readonly end: SendOutcome['end'];
  readonly answer: HttpAnswer | undefined;
  readonly latencyMs: number;
};

/** An EHR's delivery agent: signs, sends, and tries again after network faults and answers that ask for it. */
export class EhrSender {
  readonly name: string;
  readonly signer: Signer;
  readonly #options: EhrSenderOptions;
  readonly #transport: Transport;
  readonly #retry: RetryPolicy;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #now: () => number;

  constructor(options: EhrSenderOptions) {
    this.name = options.name;
    this.signer = options.signer;
    this.#options = options;
    this.#retry = options.retry ?? PATIENT_RETRY;
    this.#random = new Random(`retry ${options.name}`);
    this.#signal = options.signal ?? new AbortController().signal;
    this.#now = options.now ?? Date.now;
    const { connections, timeoutMs = 10_000, tls } = options;
    const secure = options.target.startsWith('https:');
    this.#transport = new Transport(secure, {
      connections,
      timeoutMs,
      ...(tls === undefined ? {} : { tls }),
    });
  }

  /** Sends one notification until it is answered for good, attempts run out or the sender is aborted. Never throws. */
  async send(
    notification: Notification,
    { intent = 'original', original }: SendOptions = {},
  ): Promise<SendOutcome> {
    const startedAt = performance.now();
    let attempts = 0;
    let last: Attempted;
    do {
      attempts += 1;
      last = await this.#attempt(notification, intent);
    } while (await this.#goesOn(last, attempts));
    const answer = this.#outcome(notification, intent, { ...last, attempts, startedAt });
    return { ...answer, problem: judge(answer, original) };
  }

  close(): void {
    this.#transport.close();
  }

  async #attempt(notification: Notification, intent: Intent): Promise<Attempted> {
    const began = performance.now();
    try {
      const answer = await this.#transport.send(this.#request(notification, intent));
      const end = isRetryable(answer.status) ? 'exhausted' : 'answered';
      return { end, answer, latencyMs: performance.now() - began };
    } catch {
      const end = this.#signal.aborted ? 'aborted' : 'exhausted';
      return { end, answer: undefined, latencyMs: performance.now() - began };
    }
  }

  #request(notification: Notification, intent: Intent) {
    const { contentType, method, path, body } = notification;
    const signature = signatureHeaders(this.signer, intent, notification, this.#now());
    const headers = contentType === undefined ? signature : { 'content-type': contentType, ...signature };
    return { url: new URL(this.#options.target + path), method, headers, body, signal: this.#signal };
  }

  /** Waits before the next attempt, if there is to be one. */
  #goesOn(last: Attempted, attempts: number): Promise<boolean> {
    if (last.end !== 'exhausted' || attempts >= this.#retry.maxAttempts) return Promise.resolve(false);
    const context = { random: this.#random, nowMs: this.#now() };
    return pause(
      retryDelay(this.#retry, attempts, last.answer?.headers['retry-after'], context),
      this.#signal,
    );
  }

  #outcome(
    notification: Notification,
    intent: Intent,
    { end, answer, latencyMs, attempts, startedAt }: Attempted & { attempts: number; startedAt: number },
  ): Omit<SendOutcome, 'problem'> {
    const eventId = answer?.headers['portcullis-event-id'];
    return {
      sender: this.name,
      intent,
      notificationId: notification.id,
      kind: notification.kind,
      lane: notification.lane,
      sequence: notification.sequence,
      foci: notification.foci,
      sha256: createHash('sha256').update(notification.body).digest('hex'),
      bytes: notification.body.length,
      status: answer?.status,
      eventId: typeof eventId === 'string' ? eventId : undefined,
      duplicate: answer?.headers['portcullis-duplicate'] === 'true',
      attempts,
      end: end === 'exhausted' && this.#signal.aborted ? 'aborted' : end,
      latencyMs,
      startedAt,
    };
  }
}
