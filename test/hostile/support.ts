import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createGatewayServer } from '../../src/http/server.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from '../../src/http/settings.ts';
import type { InboundOutcome, InboundRequest } from '../../src/inbound/outcome.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { newEventId } from '../../src/kernel/ids.ts';
import { silentLog } from '../../src/kernel/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

export type Headers = Readonly<Record<string, string>>;

/** What hostile clients are let loose on. */
export interface Target {
  readonly port: number;
  /** A path at which a source exists. */
  readonly path: string;
  readonly maxBodyBytes: number;
  /** Headers that make this body authentic. Every body signed here may be stored; no other may. */
  sign(body: Buffer): Headers;
  /** SHA-256 (hex) of every body that was stored. */
  storedDigests(): Promise<readonly string[]>;
  /** SHA-256 (hex) of every body that `sign` was asked for. */
  signedDigests(): ReadonlySet<string>;
  /** The text that Prometheus would scrape. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export interface TargetOptions {
  readonly maxBodyBytes?: number;
  readonly limits?: Partial<HttpLimits>;
}

const MAX_BODY_BYTES = 1024 * 1024;
const STOP_DEADLINE_MS = 2_000;

/** The one place that knows what stands behind the HTTP edge. */
export async function startTarget(options: TargetOptions = {}): Promise<Target> {
  const key = Buffer.from('hostile-test-key-hostile-test-key');
  const signed = new Set<string>();
  const stored = new Map<string, Buffer>();
  const metrics = createMetrics();
  const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  const server = createGatewayServer({
    inbound: { receive: async (request) => receive(request, key, stored) },
    readiness: () => ({ ready: true, reasons: [], warnings: [] }),
    metrics: metrics.http,
    log: silentLog,
    clock: systemClock,
    settings: {
      listen: { host: '127.0.0.1', port: 0 },
      maxBodyBytes,
      limits: { ...DEFAULT_HTTP_LIMITS, ...options.limits },
    },
  });
  const address = await server.listen();
  if (!('port' in address)) throw new Error('the target must listen on TCP');
  return {
    port: address.port,
    path: '/webhooks/mercy/ehr',
    maxBodyBytes,
    sign: (body) => {
      signed.add(digest(body));
      return { 'x-hub-signature-256': `sha256=${hmac(key, body).toString('hex')}` };
    },
    storedDigests: async () => [...stored.keys()],
    signedDigests: () => signed,
    metrics: () => metrics.text(),
    stop: () => server.close(STOP_DEADLINE_MS),
  };
}

function receive(request: InboundRequest, key: Buffer, stored: Map<string, Buffer>): InboundOutcome {
  const at = request.rawHeaders.findIndex((text, index) => index % 2 === 0 && text === 'x-hub-signature-256');
  const offered = Buffer.from((request.rawHeaders[at + 1] ?? '').slice('sha256='.length), 'hex');
  const expected = hmac(key, request.body);
  if (at < 0 || offered.length !== expected.length || !timingSafeEqual(offered, expected)) {
    return { kind: 'unauthenticated' };
  }
  stored.set(digest(request.body), request.body);
  return {
    kind: 'accepted',
    eventId: newEventId(Date.now()),
    acknowledgement: { status: 200, body: 'bundle' },
  };
}

function hmac(key: Buffer, body: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest();
}

export function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
