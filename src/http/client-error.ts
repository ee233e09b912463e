import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Request, Response } from 'express';
import type { Clock } from '../kernel/clock.ts';
import { newRequestId } from '../kernel/ids.ts';
import { sendRefusal } from './answer.ts';
import type { Connections } from './connections.ts';
import type { HttpMetrics } from './ports.ts';
import { PROBLEM_JSON, problem } from './problem.ts';
import { type HeaderList, NO_HEADERS, REFUSALS, type RefusalCode } from './refusal.ts';

/** How long a refused connection is still read from, so that the client gets the answer before a reset. */
const LINGER_MS = 500;

interface ClientErrorDeps {
  readonly connections: Connections;
  readonly metrics: HttpMetrics;
  readonly clock: Clock;
}

/** Answers what the HTTP parser or its timers refused. */
export function clientErrorHandler(deps: ClientErrorDeps): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const code = clientErrorCode(error);
    // Bytes that follow a refusal, until the connection is closed, fail to parse too.
    if (socket.writableEnded) return;
    deps.metrics.clientError(code ?? 'connection-lost');
    if (code === undefined || !socket.writable) socket.destroy();
    else refuse(deps, socket, code);
  };
}

function refuse({ connections, clock }: ClientErrorDeps, socket: Socket, code: RefusalCode): void {
  const response = connections.pending(socket);
  if (response === undefined) writeRefusal(socket, code, clock);
  else if (response.req.complete) response.once('close', () => writeRefusal(socket, code, clock));
  else sendRefusal(response.req as Request, response as Response, code);
}

/** @returns undefined where the connection itself is gone, and with it whoever could be answered. */
function clientErrorCode(error: Error): RefusalCode | undefined {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'body-too-large';
  return typeof code === 'string' && code.startsWith('HPE_') ? 'request-malformed' : undefined;
}

/** Writes a complete HTTP/1.1 answer to a connection on which no request can be read, and closes it. */
export function writeRefusal(
  socket: Socket,
  code: RefusalCode,
  clock: Clock,
  headers: HeaderList = NO_HEADERS,
): void {
  if (!socket.writable) return;
  const body = problem(code);
  const lines = [
    `HTTP/1.1 ${REFUSALS[code].status} ${STATUS_CODES[REFUSALS[code].status]}`,
    `date: ${new Date(clock.now()).toUTCString()}`,
    `x-request-id: ${newRequestId(clock.now())}`,
    `content-type: ${PROBLEM_JSON}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
}
