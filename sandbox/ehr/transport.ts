import http from 'node:http';
import https from 'node:https';

export interface TlsIdentity {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
}

export interface TransportOptions {
  /** Most connections at a time; they are kept alive. */
  readonly connections: number;
  readonly timeoutMs: number;
  readonly tls?: TlsIdentity;
}

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
}

/** HTTP over pooled, kept-alive connections. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;

  constructor(secure: boolean, options: TransportOptions) {
    const pool = { keepAlive: true, maxSockets: options.connections, maxFreeSockets: options.connections };
    this.#options = options;
    this.#agent = secure ? new https.Agent({ ...pool, ...options.tls }) : new http.Agent(pool);
    this.#request = secure ? https.request : http.request;
  }

  /** @throws Error when no complete answer came: connection fault, cut answer, time-out or abort. */
  send(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const { url, method, headers, body, signal } = request;
      const sized = { ...headers, 'content-length': String(body.length) };
      const options = {
        method,
        headers: sized,
        agent: this.#agent,
        signal,
        timeout: this.#options.timeoutMs,
      };
      const outgoing = this.#request(url, options, (answer) => {
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
        answer.resume();
      });
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
