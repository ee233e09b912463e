import type { Request, Response } from 'express';
import { FHIR_JSON, operationOutcome } from './operation-outcome.ts';
import { PROBLEM_JSON, problem } from './problem.ts';
import { announcedLength, hasBody } from './raw-body.ts';
import { type HeaderList, NO_HEADERS, REFUSALS, type RefusalCode } from './refusal.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** A complete answer. `body` is text, so that it leaves in one write with its headers; absent for statuses without one. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | undefined;
}

/** After an early answer, this much of the rest of a request is read and thrown away, for at most this long. */
const LINGER_BYTES = 1024 * 1024;
const LINGER_MS = 500;
/** A rest that is announced to be at most this long is read to its end, and the connection kept. */
const KEEP_ALIVE_BYTES = 64 * 1024;

/** The refusal bodies that hold nothing of the request: made once. */
const CONSTANT_BODIES = new Map(
  (Object.keys(REFUSALS) as RefusalCode[]).map((code) => [
    code,
    { fhir: operationOutcome(code), plain: problem(code) },
  ]),
);

/** Answers with a refusal: an OperationOutcome on FHIR routes, RFC 9457 problem details elsewhere. */
export function sendRefusal(
  request: Request,
  response: Response,
  code: RefusalCode,
  headers: HeaderList = NO_HEADERS,
): void {
  request.exchange.outcome = code;
  if (REFUSALS[code].close) response.shouldKeepAlive = false;
  send(request, response, refusalAnswer(request, code, headers));
}

function refusalAnswer(request: Request, code: RefusalCode, headers: HeaderList): Answer {
  const fhir = request.originalUrl.startsWith('/webhooks/');
  const body =
    code === 'internal' ? internalBody(request, fhir) : CONSTANT_BODIES.get(code)?.[fhir ? 'fhir' : 'plain'];
  const type = fhir ? FHIR_JSON : PROBLEM_JSON;
  return { status: REFUSALS[code].status, headers: ['content-type', type, ...headers], body };
}

function internalBody(request: Request, fhir: boolean): string {
  const { requestId } = request.exchange;
  return fhir ? operationOutcome('internal', requestId) : problem('internal', requestId);
}

/** Writes an answer with its request id and the headers that every answer has, unless one was begun already. */
export function send(request: Request, response: Response, { status, headers, body }: Answer): void {
  if (response.headersSent) return;
  const all = [...SECURITY_HEADERS, 'x-request-id', request.exchange.requestId, ...headers];
  if (body !== undefined) all.push('content-length', String(Buffer.byteLength(body)));
  response.writeHead(status, all);
  if (request.complete || !hasBody(request)) response.end(body);
  else if (response.shouldKeepAlive && isShort(request)) response.end(body);
  else endAfterLinger(request, response, body);
}

/** The server reads and discards what is left of a request once it is answered: harmless if it is little. */
function isShort(request: Request): boolean {
  return request.headers['transfer-encoding'] === undefined && announcedLength(request) <= KEEP_ALIVE_BYTES;
}

/**
 * Sends the answer, then reads a little of the rest before closing: closing with unread bytes resets the connection,
 * and the client may lose the answer with it (RFC 9112 §9.6).
 */
function endAfterLinger(request: Request, response: Response, body: string | undefined): void {
  response.shouldKeepAlive = false;
  if (request.method !== 'HEAD' && body !== undefined) response.write(body);
  else response.flushHeaders();
  let rest = LINGER_BYTES;
  const end = () => {
    clearTimeout(timer);
    request.off('data', discard);
    response.end();
  };
  const discard = (chunk: Buffer) => {
    rest -= chunk.length;
    if (rest < 0) end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.on('data', discard).once('end', end).once('close', end).resume();
}
