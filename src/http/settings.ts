import { SECOND } from '../kernel/clock.ts';

/** Where the gateway listens: TCP, or a unix socket behind the sidecar. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socket: string };

/** Limits of the server itself, before any route is known. */
export interface HttpLimits {
  /** Connections beyond this are dropped and counted. */
  readonly maxConnections: number;
  /** From the first byte of a connection or request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  /** Idle time between requests; longer than the sidecar's, so that the sidecar closes first. */
  readonly keepAliveTimeoutMs: number;
  /** Average rate below which a body is refused once `bodyGraceMs` have passed. */
  readonly minBodyBytesPerSecond: number;
  readonly bodyGraceMs: number;
  /** Bytes of incomplete bodies held in memory, all connections together. */
  readonly maxBufferedBodyBytes: number;
  /** A request with this many header lines, or more, is refused. */
  readonly maxHeaderPairs: number;
}

export interface HttpSettings {
  readonly listen: ListenAddress;
  readonly maxBodyBytes: number;
  readonly limits: HttpLimits;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxConnections: 16_384,
  headersTimeoutMs: 10 * SECOND,
  requestTimeoutMs: 30 * SECOND,
  keepAliveTimeoutMs: 75 * SECOND,
  minBodyBytesPerSecond: 1024,
  bodyGraceMs: 5 * SECOND,
  maxBufferedBodyBytes: 256 * 1024 * 1024,
  maxHeaderPairs: 90,
};
