import type { DemoSource } from './scenario.ts';

export interface GatewayConfigInput {
  /** Folder of this run; everything the gateway writes is below it. */
  readonly folder: string;
  readonly port: number;
  readonly core: { readonly url: string; readonly secret: string };
  readonly sources: readonly DemoSource[];
}

/** Configuration of the gateway for one run, as JSON text, which is YAML too. */
export function gatewayConfig({ folder, port, core, sources }: GatewayConfigInput): string {
  const config = {
    profile: 'development',
    http: { listen: { host: '127.0.0.1', port } },
    journal: { engine: 'sqlite', path: `${folder}/journal.db` },
    coordination: { engine: 'local' },
    keys: {
      master: { file: `${folder}/keys/master.key` },
      auditSigning: { file: `${folder}/keys/audit.pem` },
    },
    core: {
      url: core.url,
      signingSecret: { value: core.secret },
      timeoutMs: 10_000,
      concurrency: 16,
      retry: { firstDelayMs: 200, maxDelayMs: 10_000, maxAttempts: 20 },
    },
    organizations: organizationsOf(sources),
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function organizationsOf(sources: readonly DemoSource[]) {
  const ids = [...new Set(sources.map((source) => source.organization))];
  return ids.map((id) => {
    const own = sources.filter((source) => source.organization === id);
    return { id, name: own[0]?.organizationName ?? id, sources: own.map(sourceConfig) };
  });
}

function sourceConfig(source: DemoSource) {
  return {
    id: source.source,
    profile: source.format,
    signature: {
      scheme: source.scheme,
      toleranceSeconds: 300,
      secrets: [{ id: 'k1', value: source.secret }],
    },
    mtls: 'off',
    validation: 'flag',
  };
}
