import type { ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Clock } from '../kernel/clock.ts';
import type { TraceParent } from '../kernel/event.ts';
import { newRequestId, parseRequestId, type RequestId } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { parseTraceParent } from '../kernel/trace-context.ts';
import type { HttpMetrics, ProvenSource } from './ports.ts';

declare global {
  namespace Express {
    interface Request {
      /** Made by the first middleware, so present in every other one. */
      exchange: Exchange;
    }
  }
}

/** One request and its answer, as the canonical log line tells it. Routes fill in what became of it. */
export interface Exchange {
  readonly requestId: RequestId;
  readonly traceParent: TraceParent | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Template of the route, never the path itself. */
  route: string;
  outcome: string;
  bodyBytes: number;
  eventId: string | undefined;
  source: ProvenSource | undefined;
}

/** The outcome of a request until another is known: it stays if the connection goes away first. */
const CONNECTION_LOST = 'connection-lost';
export const WEBHOOK_ROUTE = '/webhooks/:org/:source';

interface ExchangeDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HttpMetrics;
}

/**
 * Gives every request its id (the caller's `x-request-id` where it is well-formed, else a new one) and, when the
 * answer is out or the client is gone, writes the one log line of the request.
 */
export function beginExchange(deps: ExchangeDeps): RequestHandler {
  return (request, response, next) => {
    const exchange = newExchange(request, deps.clock);
    request.exchange = exchange;
    deps.metrics.requestStarted();
    response.on('close', () => finish(deps, request, response));
    next();
  };
}

function newExchange(request: Request, clock: Clock): Exchange {
  const { headers } = request;
  return {
    requestId: parseRequestId(single(headers['x-request-id'])) ?? newRequestId(clock.now()),
    traceParent: parseTraceParent(single(headers.traceparent)),
    startedAt: performance.now(),
    route: 'none',
    outcome: CONNECTION_LOST,
    bodyBytes: 0,
    eventId: undefined,
    source: undefined,
  };
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function finish({ log, metrics }: ExchangeDeps, request: Request, response: ServerResponse): void {
  const { exchange } = request;
  const durationMs = performance.now() - exchange.startedAt;
  metrics.requestFinished();
  if (exchange.route === WEBHOOK_ROUTE) {
    const { outcome, source, bodyBytes } = exchange;
    metrics.inboundRequest({ outcome, source, durationMs, bodyBytes });
  }
  log.info('request', {
    method: request.method,
    route: exchange.route,
    status: response.headersSent ? response.statusCode : undefined,
    outcome: exchange.outcome,
    duration_ms: Math.round(durationMs * 100) / 100,
    bytes: exchange.bodyBytes,
    request_id: exchange.requestId,
    event_id: exchange.eventId,
    organization: exchange.source?.organization,
    source: exchange.source?.source,
  });
}
