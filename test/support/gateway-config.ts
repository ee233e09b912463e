import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** Parts of a gateway's configuration that tests change; the rest is sound and quick. */
export interface GatewayConfigParts {
  readonly port?: number;
  readonly journalPath: string;
  readonly limits?: { readonly maxBacklog?: number; readonly minFreeBytes?: number };
  readonly masterKeyFile: string;
  readonly auditKeyFile: string;
  readonly coreUrl: string;
  readonly coreSecret: string;
  readonly core?: object;
  readonly http?: object;
  readonly organizations: readonly OrganizationParts[];
  readonly logLevel?: string;
}

export interface OrganizationParts {
  readonly id: string;
  readonly sources: readonly SourceParts[];
}

export interface SourceParts {
  readonly id: string;
  readonly profile: string;
  readonly signature: {
    readonly scheme: string;
    readonly secrets: readonly object[];
    readonly [more: string]: unknown;
  };
  readonly validation?: 'reject' | 'quarantine' | 'flag';
  readonly forward?: object;
}

/** A configuration for the development profile, ready to be written as JSON, which is YAML too. */
export function gatewayConfig(parts: GatewayConfigParts): object {
  return {
    profile: 'development',
    http: { listen: { host: '127.0.0.1', port: parts.port ?? 0 }, shutdownDeadlineMs: 10_000, ...parts.http },
    journal: { engine: 'sqlite', path: parts.journalPath, limits: { minFreeBytes: 0, ...parts.limits } },
    coordination: { engine: 'local' },
    keys: { master: { file: parts.masterKeyFile }, auditSigning: { file: parts.auditKeyFile } },
    core: {
      url: parts.coreUrl,
      signingSecret: { value: parts.coreSecret },
      timeoutMs: 5_000,
      concurrency: 16,
      retry: { firstDelayMs: 20, maxDelayMs: 200, maxAttempts: 20 },
      breaker: { openMs: 200 },
      ...parts.core,
    },
    organizations: parts.organizations,
    log: { level: parts.logLevel ?? 'info' },
  };
}

/** A source of Standard Webhooks form. */
export function standardSource(id: string, secret: string, more: Partial<SourceParts> = {}): SourceParts {
  return {
    id,
    profile: 'backport-r4',
    signature: { scheme: 'standard-webhooks', secrets: [{ id: 'k1', value: secret }] },
    ...more,
  };
}

/** `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function newMasterKey(): string {
  return randomBytes(32).toString('base64');
}

export function newAuditKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
