/** The configuration file as `config/schema.json` describes it, defaults filled in, nothing judged yet. */
import type { HmacAlgorithm, SchemeName } from '../inbound/signature/types.ts';

export type Profile = 'development' | 'production';
export type SecretEncoding = 'base64' | 'hex' | 'utf8';

/** Exactly one of the first three is given. */
export interface RawSecretReference {
  readonly env?: string;
  readonly file?: string;
  readonly value?: string;
  readonly encoding?: SecretEncoding;
}

/** `notBefore` and `notAfter` are RFC 3339 instants. */
export interface RawWindowedSecret extends RawSecretReference {
  readonly id: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
}

export interface RawHttp {
  readonly listen: { readonly host?: string; readonly port?: number; readonly socket?: string };
  readonly maxBodyBytes: number;
  readonly sidecarSecret?: RawSecretReference;
  readonly limits: {
    readonly maxConnections: number;
    readonly headersTimeoutMs: number;
    readonly requestTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    readonly minBodyBytesPerSecond: number;
    readonly bodyGraceMs: number;
    readonly maxBufferedBodyBytes: number;
    readonly maxHeaderPairs: number;
  };
  readonly shutdownDeadlineMs: number;
}

export interface RawJournal {
  readonly engine: 'sqlite' | 'postgres';
  readonly path?: string;
  readonly limits: { readonly maxBacklog: number; readonly minFreeBytes: number };
  readonly dedupeDays: number;
}

export interface RawCore {
  readonly url: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly retry: {
    readonly firstDelayMs: number;
    readonly maxDelayMs: number;
    readonly maxAttempts: number;
  };
  readonly breaker: {
    readonly windowMs: number;
    readonly volumeThreshold: number;
    readonly faultPercent: number;
    readonly openMs: number;
  };
}

export interface RawTokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly secret?: RawSecretReference;
  readonly jwksUri?: string;
  readonly maxLifetimeSeconds: number;
}

export interface RawCustomScheme {
  readonly header: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: 'hex' | 'base64' | 'base64url';
  readonly prefix: string;
  readonly timestampHeader?: string;
  readonly timestampUnit: 'seconds' | 'milliseconds';
  readonly idHeader?: string;
  readonly content: string;
}

export interface RawSignature {
  readonly scheme: SchemeName;
  readonly toleranceSeconds: number;
  readonly secrets: readonly RawWindowedSecret[];
  readonly requiredComponents?: readonly string[];
  readonly custom?: RawCustomScheme;
}

export interface RawSource {
  readonly id: string;
  readonly profile: string;
  readonly signature: RawSignature;
  readonly validation: 'reject' | 'quarantine' | 'flag';
  readonly forward: { readonly handshakes: boolean; readonly heartbeats: boolean };
}
