import type { ErrorRequestHandler } from 'express';
import { GatewayError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { sendRefusal } from './answer.ts';
import { retryAfter } from './inbound-answer.ts';
import { ClientAborted, HttpRefusal } from './refusal.ts';

/** The one place where errors become answers. Unexpected ones say no more than the request id. */
export function translateErrors(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const refusal = error instanceof ClientAborted ? undefined : toRefusal(error);
    if (refusal?.code === 'internal') logUnexpected(log, request.exchange.requestId, error);
    if (refusal === undefined || response.headersSent) response.destroy();
    else sendRefusal(request, response, refusal.code, refusal.headers);
  };
}

function toRefusal(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (error instanceof GatewayError && error.disposition === 'retry') {
    const code = error.code === 'rate-limited' ? 'rate-limited' : 'unavailable';
    return new HttpRefusal(code, ['retry-after', retryAfter(error.retryAfterSeconds)]);
  }
  // The router's own error for a path parameter that does not percent-decode.
  if (error instanceof URIError) return new HttpRefusal('path-malformed');
  return new HttpRefusal('internal');
}

/** The message is left out: that of a parser or a driver may quote what it was given. */
function logUnexpected(log: Log, requestId: string, error: unknown): void {
  log.error('request failed', {
    request_id: requestId,
    error_name: error instanceof Error ? error.name : typeof error,
    error_code: errorCode(error),
    error_at: error instanceof Error ? firstFrame(error) : undefined,
  });
}

function errorCode(error: unknown): string | undefined {
  if (error === null || typeof error !== 'object' || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function firstFrame(error: Error): string | undefined {
  return /^ {4}at (.+)$/m.exec(error.stack ?? '')?.[1];
}
