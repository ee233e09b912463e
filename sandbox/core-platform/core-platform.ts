import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, type Behaviour, react, takesEvent } from './behaviour.ts';
import { DeliveryLog, type ReceivedDelivery, type RecordLevel } from './delivery-log.ts';
import { headerFaults, readEventHeaders } from './event-headers.ts';
import { FocusOrder, type OrderMarks } from './focus-order.ts';
import { SignatureCheck } from './signature-check.ts';
import { Violations } from './violations.ts';

export interface CorePlatformOptions {
  /** `whsec_` and the key in base64. */
  readonly secret: string;
  /** A free one unless told. */
  readonly port?: number;
  readonly host?: string;
  readonly record?: RecordLevel;
  readonly behaviour?: Behaviour;
  /** Reads versions from bodies, to see that each resource's events come in order; not checked unless given. */
  readonly orderMarks?: OrderMarks;
  /** False verifies with our own check alone, for measuring. */
  readonly officialLibrary?: boolean;
  readonly onDelivery?: (delivery: ReceivedDelivery, first: boolean) => void;
}

/** What the core platform has received. */
export interface Received {
  /** Deliveries taken, in the order they came. */
  readonly log: DeliveryLog;
  /** Deliveries of events that had been taken before; not counted with `counts`. */
  readonly redeliveries: number;
  /** Deliveries that were not taken: refused for a violation, or by the behaviour. */
  readonly refused: number;
  readonly verifiedByLibrary: number;
  readonly verifiedByBytesOnly: number;
}

export interface CorePlatform {
  readonly url: string;
  readonly received: Received;
  readonly violations: Violations;
  /** Stops listening and cuts what is open. */
  close(): Promise<void>;
}

/** A stand-in for the platform behind the gateway: takes events, and holds the gateway to its contract. */
export async function startCorePlatform(options: CorePlatformOptions): Promise<CorePlatform> {
  const receiver = new Receiver(options);
  const server = http.createServer((request, response) => void receiver.handle(request, response));
  // Longer than a client keeps an idle connection, so that the client is the one to close it.
  server.keepAliveTimeout = 120_000;
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/events`,
    received: receiver,
    violations: receiver.violations,
    close: () => closeServer(server, receiver),
  };
}

function closeServer(server: http.Server, receiver: Receiver): Promise<void> {
  receiver.stop();
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}

class Receiver implements Received {
  readonly log: DeliveryLog;
  readonly violations = new Violations();
  readonly #options: CorePlatformOptions;
  readonly #signatures: SignatureCheck;
  readonly #order = new FocusOrder();
  readonly #closing = new AbortController();
  readonly #tellsApart: boolean;
  #incoming = 0;
  redeliveries = 0;
  refused = 0;

  constructor(options: CorePlatformOptions) {
    this.#options = options;
    this.log = new DeliveryLog(options.record ?? 'digests');
    this.#tellsApart = options.record !== 'counts';
    this.#signatures = new SignatureCheck(options.secret, options.officialLibrary ?? true);
  }

  get verifiedByLibrary(): number {
    return this.#signatures.verifiedByLibrary;
  }

  get verifiedByBytesOnly(): number {
    return this.#signatures.verifiedByBytesOnly;
  }

  stop(): void {
    this.#closing.abort();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#receive(request, response);
    } catch {
      // The gateway went away, or this server is closing: there is nobody to answer.
      response.destroy();
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const index = this.#incoming;
    this.#incoming += 1;
    const refusal = this.#refusal(request, body);
    if (refusal !== undefined) {
      this.refused += 1;
      response.writeHead(refusal).end();
      return;
    }
    const sha256 = createHash('sha256').update(body).digest('hex');
    const delivery = { ...readEventHeaders(request.headers), sha256, receivedAt: Date.now() };
    const reaction =
      (await this.#options.behaviour?.({ ...delivery, bodyBytes: body.length, index })) ?? ACCEPT;
    if (takesEvent(reaction)) this.#take(delivery, body);
    else this.refused += 1;
    if (reaction.delayMs !== undefined)
      await sleep(reaction.delayMs, undefined, { signal: this.#closing.signal });
    react(response, reaction);
  }

  /** Status to refuse with, where the request breaks the contract. */
  #refusal({ method, headers }: IncomingMessage, body: Buffer): number | undefined {
    const ceId = String(headers['ce-id'] ?? '');
    if (method !== 'POST') return this.#violate('bad-method', ceId, String(method), 405);
    const finding = this.#signatures.check(headers, body);
    if (finding === 'refused') return this.#violate('bad-signature', ceId, '', 401);
    if (finding === 'verifiers-disagree') return this.#violate('verifiers-disagree', ceId, '', 401);
    const faults = headerFaults(headers);
    return faults.length > 0 ? this.#violate('bad-header', ceId, faults.join(', '), 400) : undefined;
  }

  #violate(kind: Parameters<Violations['add']>[0], ceId: string, detail: string, status: number): number {
    this.violations.add(kind, ceId, detail);
    return status;
  }

  #take(delivery: ReceivedDelivery, body: Buffer): void {
    const known = this.#tellsApart ? this.log.find(delivery.ceId) : undefined;
    if (known !== undefined) {
      this.redeliveries += 1;
      this.#compare(known, delivery);
    } else if (this.#tellsApart && body.length > 0) {
      const same = this.log.findBody(delivery.sha256);
      if (same !== undefined)
        this.violations.add('body-under-second-id', delivery.ceId, `first under ${same.ceId}`);
    }
    this.#checkOrder(delivery, body);
    this.log.add(delivery, body);
    this.#options.onDelivery?.(delivery, known === undefined);
  }

  #compare(known: ReceivedDelivery, again: ReceivedDelivery): void {
    if (known.sha256 !== again.sha256) this.violations.add('body-changed', again.ceId, '');
    if (known.auditseq !== again.auditseq || known.audithash !== again.audithash) {
      this.violations.add('audit-position-changed', again.ceId, `${known.auditseq} and ${again.auditseq}`);
    }
  }

  #checkOrder(delivery: ReceivedDelivery, body: Buffer): void {
    if (this.#options.orderMarks === undefined || delivery.replay) return;
    const late = this.#order.observe(delivery, this.#options.orderMarks(body, delivery));
    if (late !== undefined) this.violations.add('out-of-order', delivery.ceId, late);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
