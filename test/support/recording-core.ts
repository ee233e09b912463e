import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { headerFaults } from '../../sandbox/core-platform/event-headers.ts';
import { SignatureCheck } from '../../sandbox/core-platform/signature-check.ts';
import { until } from './until.ts';

export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What is wrong by the contract; empty when nothing is. */
  readonly faults: readonly string[];
  /** Milliseconds on the monotonic clock. */
  readonly at: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How to answer; undefined never answers. */
export type Replies = (delivery: Delivery, index: number) => Reply | undefined;

const TAKEN: Reply = { status: 204 };

/** A core platform that keeps every delivery as it came, headers and all. */
export class RecordingCore {
  readonly deliveries: Delivery[] = [];
  readonly #server: http.Server;
  readonly #check: SignatureCheck;
  /** Changes how deliveries are answered from now on. */
  replies: Replies = () => TAKEN;

  private constructor(secret: string) {
    this.#check = new SignatureCheck(secret, true);
    this.#server = http.createServer((request, response) => {
      void this.#take(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 120_000;
  }

  static async start(secret: string, port = 0): Promise<RecordingCore> {
    const core = new RecordingCore(secret);
    await new Promise<void>((resolve, reject) => {
      core.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return core;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`;
  }

  /** Deliveries of one event, in the order they came. */
  of(eventId: string): Delivery[] {
    return this.deliveries.filter(({ headers }) => headers['ce-id'] === eventId);
  }

  /** The n-th delivery of an event, from 1; waits for it. */
  async delivery(eventId: string, count = 1): Promise<Delivery> {
    return until(`delivery ${count} of ${eventId}`, () => this.of(eventId)[count - 1]);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { headers } = request;
    const signature = this.#check.check(headers, body);
    const faults = [...headerFaults(headers), ...(signature === 'verified' ? [] : [signature])];
    const delivery = { headers, body, faults, at: performance.now() };
    this.deliveries.push(delivery);
    const reply = this.replies(delivery, this.deliveries.length - 1);
    if (reply !== undefined) response.writeHead(reply.status, reply.headers).end();
  }
}
