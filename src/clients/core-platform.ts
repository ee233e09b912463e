import { type Dispatcher, errors, Pool } from 'undici';
import { CoreFault, type CoreFaultCode } from '../forwarding/core-fault.ts';
import type { CoreAnswer, CorePort, CoreRequest } from '../forwarding/ports.ts';

export interface CorePlatformSettings {
  /** Where events are posted, `http:` or `https:`. */
  readonly url: string;
  /** Limit of connecting, of waiting for the answer's headers, and of reading its body, milliseconds each. */
  readonly timeoutMs: number;
  /** Most connections held; one request at a time on each. */
  readonly connections: number;
}

/** Bytes of an answer's body that are read, and dropped, to keep its connection; beyond, the connection is closed. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Posts events over kept-alive connections. Follows no redirect and ignores proxies of the environment.
 * `close` waits for requests under way; `abort` does not.
 */
export function createCorePlatformClient(
  settings: CorePlatformSettings,
): CorePort & { close(): Promise<void> } {
  const url = new URL(settings.url);
  const pool = new Pool(url.origin, poolOptions(settings));
  const path = url.pathname + url.search;
  return {
    post: (request) => post(pool, path, settings.timeoutMs, request),
    abort() {
      void pool.destroy(new CoreFault('aborted'));
    },
    async close() {
      if (!pool.destroyed) await pool.close();
    },
  };
}

function poolOptions({ timeoutMs, connections }: CorePlatformSettings): Pool.Options {
  return {
    connections,
    pipelining: 1,
    allowH2: false,
    useMilo: false,
    connectTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MAX_ANSWER_BYTES,
  };
}

function post(pool: Pool, path: string, timeoutMs: number, request: CoreRequest): Promise<CoreAnswer> {
  return new Promise((resolve, reject) => {
    pool.dispatch(
      { path, method: 'POST', headers: request.headers, body: request.body },
      new AnswerReader(timeoutMs, resolve, reject),
    );
  });
}

/** Reads one answer at undici's lowest level: no stream, timer or abort signal per request. */
class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #resolve: (answer: CoreAnswer) => void;
  readonly #reject: (fault: CoreFault) => void;
  #answer: CoreAnswer | undefined;
  #headersAt = 0;

  constructor(timeoutMs: number, resolve: (answer: CoreAnswer) => void, reject: (fault: CoreFault) => void) {
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** undici demands it; there is nothing to prepare. */
  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const retryAfter = headers['retry-after'];
    this.#answer = { status, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter };
    this.#headersAt = performance.now();
  }

  /** undici limits only the silence between two chunks; a body that trickles must end too. */
  onResponseData(controller: Dispatcher.DispatchController): void {
    if (performance.now() - this.#headersAt > this.#timeoutMs)
      controller.abort(new CoreFault('body-timeout'));
  }

  onResponseEnd(): void {
    if (this.#answer === undefined) this.#reject(new CoreFault('protocol-error'));
    else this.#resolve(this.#answer);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    // The status has decided already: an answer is not undone by being long, else its event would be sent for ever.
    if (this.#answer !== undefined && codeOf(error) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
      this.#resolve(this.#answer);
    } else {
      this.#reject(toCoreFault(error));
    }
  }
}

const FAULTS: Readonly<Record<string, CoreFaultCode>> = {
  ECONNREFUSED: 'connect-refused',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'headers-timeout',
  UND_ERR_BODY_TIMEOUT: 'body-timeout',
  UND_ERR_SOCKET: 'socket-closed',
  ECONNRESET: 'socket-closed',
  ECONNABORTED: 'socket-closed',
  EPIPE: 'socket-closed',
  ETIMEDOUT: 'socket-closed',
  UND_ERR_HEADERS_OVERFLOW: 'response-too-large',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'response-too-large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'protocol-error',
  UND_ERR_INVALID_ARG: 'invalid-request',
  UND_ERR_NOT_SUPPORTED: 'invalid-request',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'invalid-request',
  UND_ERR_ABORTED: 'aborted',
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_CLOSED: 'aborted',
  ENOTFOUND: 'dns',
  EPROTO: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  HOSTNAME_MISMATCH: 'tls',
};

const FAULT_PREFIXES: readonly (readonly [string, CoreFaultCode])[] = [
  ['EAI_', 'dns'],
  ['ERR_TLS_', 'tls'],
  ['ERR_SSL_', 'tls'],
  ['CERT_', 'tls'],
  ['UNABLE_TO_', 'tls'],
];

/** Names an error of undici or Node by a code of ours. */
export function toCoreFault(error: unknown): CoreFault {
  if (error instanceof CoreFault) return error;
  if (error instanceof errors.HTTPParserError) return new CoreFault('protocol-error', error.code);
  const code = codeOf(error);
  return new CoreFault(isConnecting(error) ? connectFault(code) : faultOf(code), code);
}

function faultOf(code: string): CoreFaultCode {
  return FAULTS[code] ?? FAULT_PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'other';
}

function connectFault(code: string): CoreFaultCode {
  if (code === 'ECONNREFUSED') return 'connect-refused';
  return code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed';
}

/** Node marks what failed in connect(2); trying several addresses, it reports the failures together. */
function isConnecting(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnecting);
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
