import type { RequestHandler } from 'express';
import { send } from '../answer.ts';
import type { HttpMetrics } from '../ports.ts';

/** What was counted, for Prometheus to scrape. */
export function metricsRoute(metrics: HttpMetrics): RequestHandler {
  return async (request, response) => {
    const body = await metrics.text();
    request.exchange.outcome = 'answered';
    send(request, response, { status: 200, headers: ['content-type', metrics.contentType], body });
  };
}
