import type { HttpSettings } from '../http/settings.ts';
import type { SchemeName } from '../inbound/signature/types.ts';
import type { SourceDirectory } from '../inbound/source.ts';
import type { OrganizationId, SourceId } from '../kernel/ids.ts';
import type { BreakerSettings } from '../resilience/circuit-breaker.ts';
import type { RetryDelays } from '../resilience/retry-schedule.ts';
import type { LogLevel } from '../telemetry/logger.ts';
import type { ConfigProblem } from './problem.ts';
import type { Profile } from './raw.ts';
import type { GatewaySecrets } from './secrets.ts';

/** The configuration, judged: each part of the program receives only its slice. Holds no secret. */
export interface GatewayConfig {
  readonly profile: Profile;
  readonly http: HttpConfig;
  readonly journal: JournalConfig;
  readonly core: CoreConfig;
  readonly tokens: readonly TokenIssuer[];
  readonly organizations: readonly Organization[];
  readonly log: { readonly level: LogLevel };
}

export interface HttpConfig extends HttpSettings {
  readonly shutdownDeadlineMs: number;
}

export interface JournalConfig {
  readonly engine: 'sqlite';
  /** Absolute. */
  readonly path: string;
  readonly dedupeDays: number;
  /** Undelivered events from which on none is accepted. */
  readonly maxBacklog: number;
  /** Free bytes on the journal's disk below which none is accepted. */
  readonly minFreeBytes: number;
  readonly rotateDataKeysAfterDays: number;
}

export interface CoreConfig {
  readonly url: string;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly retry: RetryDelays & { readonly maxAttempts: number };
  readonly breaker: BreakerSettings;
}

/** Whose access tokens are believed. The HMAC secret, where there is one, is in GatewaySecrets. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Undefined for the HMAC algorithms. */
  readonly jwksUri: string | undefined;
  readonly maxLifetimeSeconds: number;
}

/** A tenant, as it may be shown. */
export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly sources: readonly SourceOutline[];
}

/** A source, as it may be shown; the directory has what is needed to serve it. */
export interface SourceOutline {
  readonly id: SourceId;
  readonly profile: string;
  readonly scheme: SchemeName;
  readonly keyIds: readonly string[];
}

/** One file, wholly judged: what runs. */
export interface ConfigSnapshot {
  /** Absolute path of the file. */
  readonly file: string;
  readonly config: GatewayConfig;
  readonly secrets: GatewaySecrets;
  readonly sources: SourceDirectory;
  readonly warnings: readonly ConfigProblem[];
}

export type LoadResult =
  | { readonly ok: true; readonly snapshot: ConfigSnapshot }
  /** Errors, and the warnings among them. */
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };
