import type { TestContext } from 'node:test';
import type { InboundPort, Readiness } from '../../../src/http/ports.ts';
import { createGatewayServer, type GatewayServer } from '../../../src/http/server.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits, type ListenAddress } from '../../../src/http/settings.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { Log, LogFields } from '../../../src/kernel/log.ts';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export interface Edge {
  readonly server: GatewayServer;
  readonly port: number;
  readonly url: string;
  readonly metrics: Metrics;
  /** The next log line that was not taken yet; waits for it. */
  nextLine(): Promise<LogLine>;
}

export interface EdgeOptions {
  readonly receive?: InboundPort['receive'];
  readonly readiness?: () => Readiness;
  readonly listen?: ListenAddress;
  readonly limits?: Partial<HttpLimits>;
}

const MAX_BODY_BYTES = 1024;

/** A real server on a free port with the given inbound flow behind it; it is closed when the test ends. */
export async function startEdge(test: TestContext, options: EdgeOptions = {}): Promise<Edge> {
  const metrics = createMetrics();
  const log = new LineLog();
  const server = createGatewayServer({
    inbound: { receive: options.receive ?? (async () => ({ kind: 'unauthenticated' })) },
    readiness: options.readiness ?? (() => ({ ready: true, reasons: [], warnings: [] })),
    metrics: metrics.http,
    log,
    clock: systemClock,
    settings: {
      listen: options.listen ?? { host: '127.0.0.1', port: 0 },
      maxBodyBytes: MAX_BODY_BYTES,
      limits: { ...DEFAULT_HTTP_LIMITS, ...options.limits },
    },
  });
  const address = await server.listen();
  test.after(() => server.close(0));
  const port = 'port' in address ? address.port : 0;
  return { server, port, url: `http://127.0.0.1:${port}`, metrics, nextLine: () => log.next() };
}

class LineLog implements Log {
  readonly #lines: LogLine[] = [];
  #wake: () => void = () => {};

  debug = (message: string, fields: LogFields = {}) => this.#add('debug', message, fields);
  info = (message: string, fields: LogFields = {}) => this.#add('info', message, fields);
  warn = (message: string, fields: LogFields = {}) => this.#add('warn', message, fields);
  error = (message: string, fields: LogFields = {}) => this.#add('error', message, fields);

  #add(level: string, message: string, fields: LogFields): void {
    this.#lines.push({ level, message, fields });
    this.#wake();
  }

  async next(): Promise<LogLine> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
