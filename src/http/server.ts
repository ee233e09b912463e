import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Express, Request, Response } from 'express';
import type { Clock } from '../kernel/clock.ts';
import { errorCode } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { createApplication } from './application.ts';
import { clientErrorHandler, writeRefusal } from './client-error.ts';
import { Connections } from './connections.ts';
import type { HttpMetrics, InboundPort, Readiness } from './ports.ts';
import { BodyReader } from './raw-body.ts';
import type { HttpLimits, HttpSettings, ListenAddress } from './settings.ts';
import { removeStaleSocket, withSocketMode } from './unix-socket.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** Above `maxHeaderPairs`, so that the guard sees that there are too many before the parser hides any. */
const MAX_HEADERS_KEPT = 100;
const MAX_REQUESTS_PER_SOCKET = 1_000;
const TIMEOUT_CHECK_MS = 2_000;
const LISTEN_BACKLOG = 4_096;

export interface GatewayServerDeps {
  readonly inbound: InboundPort;
  readonly readiness: () => Readiness;
  readonly metrics: HttpMetrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly settings: HttpSettings;
}

export interface GatewayServer {
  /**
   * Starts to take requests.
   * @returns the address in use: the port is the one the system chose where 0 was asked for.
   * @throws GatewayError for a unix socket path that cannot be taken; Error with the system's code otherwise.
   */
  listen(): Promise<ListenAddress>;
  /**
   * Takes no more work, lets what is in flight finish, and after `deadlineMs` cuts what is left. Resolves when every
   * connection is closed.
   */
  close(deadlineMs: number): Promise<void>;
}

/** The HTTP edge of the gateway: one server, its limits, and the application behind them. */
export function createGatewayServer(deps: GatewayServerDeps): GatewayServer {
  const { settings, metrics, clock } = deps;
  const state = { closing: false };
  const connections = new Connections();
  const bodies = new BodyReader({ maxBodyBytes: settings.maxBodyBytes, ...settings.limits });
  const app = createApplication({
    ...deps,
    bodies,
    maxHeaderPairs: settings.limits.maxHeaderPairs,
    isClosing: () => state.closing,
  });
  const server = createServer(serverOptions(settings.limits));
  limit(server, settings.limits);
  serve(server, app, connections, state);
  server.on('drop', () => metrics.connectionDropped());
  server.on('clientError', clientErrorHandler({ connections, metrics, clock }));
  server.on('connect', (_request: IncomingMessage, socket: Socket) => refuseTunnel(socket, clock));
  return {
    listen: async () => {
      const address = await listen(server, settings.listen);
      // Accepting can fail later, for want of file descriptors; that must not end the process.
      server.on('error', (error) => deps.log.error('accept failed', { error_code: errorCode(error) }));
      return address;
    },
    close: async (deadlineMs) => {
      state.closing = true;
      await closeGracefully(server, connections, deadlineMs);
      bodies.close();
    },
  };
}

/** `CONNECT`: the server has let go of the socket, its errors included. */
function refuseTunnel(socket: Socket, clock: Clock): void {
  socket.on('error', () => socket.destroy());
  writeRefusal(socket, 'method-not-allowed', clock, ['allow', 'GET, HEAD, POST, PUT, DELETE']);
}

function serverOptions(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    // The framing guard demands exactly one Host header, and answers with a request id where Node would not.
    requireHostHeader: false,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, limits.headersTimeoutMs),
  };
}

function limit(server: Server, limits: HttpLimits): void {
  server.maxHeadersCount = MAX_HEADERS_KEPT;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.maxConnections = limits.maxConnections;
  // A peer that neither sends nor reads for this long holds a connection for nothing.
  server.timeout = limits.requestTimeoutMs + limits.keepAliveTimeoutMs;
}

/** `Expect` gets no answer of the server's own: the route asks for the body when nothing speaks against it. */
function serve(
  server: Server,
  app: Express,
  connections: Connections,
  state: { readonly closing: boolean },
): void {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    connections.begin(request.socket, response);
    if (state.closing) {
      response.shouldKeepAlive = false;
      response.once('close', () => server.closeIdleConnections());
    }
    app(request as Request, response as Response);
  };
  server.on('connection', (socket: Socket) => connections.open(socket));
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
}

async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  if ('socket' in address) {
    await removeStaleSocket(address.socket);
    withSocketMode(() => server.listen({ path: address.socket, backlog: LISTEN_BACKLOG }));
    await once(server, 'listening');
    return address;
  }
  server.listen({ ...address, backlog: LISTEN_BACKLOG });
  await once(server, 'listening');
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? { host: bound.address, port: bound.port } : address;
}

async function closeGracefully(server: Server, connections: Connections, deadlineMs: number): Promise<void> {
  const deadline = setTimeout(() => connections.destroyAll(), deadlineMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.drain(() => server.closeIdleConnections());
  await closed;
  clearTimeout(deadline);
}
