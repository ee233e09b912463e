import type { IncomingMessage } from 'node:http';
import { ClientAborted, HttpRefusal } from './refusal.ts';

const EMPTY = Buffer.alloc(0);
const SWEEP_MS = 1_000;

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly minBodyBytesPerSecond: number;
  readonly bodyGraceMs: number;
  readonly maxBufferedBodyBytes: number;
}

/** A body on its way in. */
interface Arrival {
  readonly startedAt: number;
  received: number;
  fail(error: Error): void;
}

/**
 * Reads bodies as the exact bytes that were sent. One sweep over all arriving bodies enforces the minimum rate, so
 * that a body that arrives at once needs no timer; one budget bounds what incomplete bodies hold in memory.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #arrivals = new Set<Arrival>();
  readonly #sweeper: NodeJS.Timeout;
  #buffered = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, limits.bodyGraceMs)).unref();
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  /**
   * Refuses by the announced length before a byte of the body is read.
   * @throws HttpRefusal `body-too-large`.
   */
  checkAnnouncedLength(request: IncomingMessage): void {
    if (announcedLength(request) > this.#limits.maxBodyBytes) throw new HttpRefusal('body-too-large');
  }

  /**
   * @returns the body; the chunk itself, not a copy, where it came in one.
   * @throws HttpRefusal `body-too-large`, `body-too-slow`, `buffers-full`; ClientAborted if the client went away.
   */
  read(request: IncomingMessage): Promise<Buffer> {
    if (!hasBody(request)) return Promise.resolve(EMPTY);
    return new Promise((resolve, reject) => this.#collect(request, resolve, reject));
  }

  #collect(request: IncomingMessage, resolve: (body: Buffer) => void, reject: (error: Error) => void): void {
    const chunks: Buffer[] = [];
    const settle = () => {
      this.#arrivals.delete(arrival);
      this.#buffered -= arrival.received;
      request.off('data', take).off('end', complete).off('close', abort);
    };
    const fail = (error: Error) => {
      settle();
      request.pause();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      arrival.received += chunk.length;
      this.#buffered += chunk.length;
      const fault = this.#fault(arrival);
      if (fault === undefined) chunks.push(chunk);
      else fail(fault);
    };
    const complete = () => {
      settle();
      resolve(join(chunks, arrival.received));
    };
    const abort = () => fail(new ClientAborted('the client went away'));
    const arrival: Arrival = { startedAt: performance.now(), received: 0, fail };
    this.#arrivals.add(arrival);
    request.on('data', take).on('end', complete).on('close', abort);
  }

  #fault(arrival: Arrival): HttpRefusal | undefined {
    if (arrival.received > this.#limits.maxBodyBytes) return new HttpRefusal('body-too-large');
    if (this.#buffered <= this.#limits.maxBufferedBodyBytes) return undefined;
    return new HttpRefusal('buffers-full', ['retry-after', '1']);
  }

  #sweep(): void {
    const now = performance.now();
    for (const arrival of this.#arrivals) {
      const elapsedMs = now - arrival.startedAt;
      if (elapsedMs < this.#limits.bodyGraceMs) continue;
      const rate = (arrival.received / elapsedMs) * 1_000;
      if (rate < this.#limits.minBodyBytesPerSecond) arrival.fail(new HttpRefusal('body-too-slow'));
    }
  }
}

/** Whether the message is framed with a body (RFC 9112 §6.3); `Content-Length: 0` counts as none. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || announcedLength(request) > 0;
}

/** `Content-Length` in bytes; 0 where there is none. The parser has made sure that it is digits. */
export function announcedLength(request: IncomingMessage): number {
  const text = request.headers['content-length'];
  return text === undefined ? 0 : Number(text);
}

function join(chunks: readonly Buffer[], length: number): Buffer {
  const [first] = chunks;
  if (first === undefined) return EMPTY;
  return chunks.length === 1 ? first : Buffer.concat(chunks, length);
}
