import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../src/config/environment.ts';

export const EHR_SECRET = `whsec_${Buffer.from('a secret of an EHR, 32 bytes lo.').toString('base64')}`;
export const TOKEN_SECRET = 'a secret of an identity provider, long enough to sign with';

/** Where nothing listens: events stay pending. */
const UNREACHABLE = 'http://127.0.0.1:9/events';

export interface ConfigurationOptions {
  readonly coreUrl?: string;
  /** Profiles of the sources of organization mercy, by the id of the source. */
  readonly sources?: Readonly<Record<string, string>>;
  readonly listen?: object;
  readonly tokens?: readonly object[];
}

/** A folder with a configuration file that loads; keys are made by the program itself. */
export interface ConfiguredFolder {
  readonly folder: string;
  /** Path of the configuration file. */
  readonly file: string;
  readonly journalPath: string;
  readonly environment: Environment;
}

/** Writes a development configuration into a folder. */
export async function configureFolder(
  folder: string,
  options: ConfigurationOptions = {},
): Promise<ConfiguredFolder> {
  const file = join(folder, 'portcullis.yaml');
  await writeFile(file, JSON.stringify(configurationOf(options), undefined, 2), { mode: 0o600 });
  const environment = {
    variables: { USER: 'ada' },
    execArgv: [],
    nodeVersion: process.versions.node,
    workingDirectory: folder,
  };
  return { folder, file, journalPath: join(folder, 'state', 'journal.db'), environment };
}

function configurationOf(options: ConfigurationOptions): object {
  const sources = Object.entries(options.sources ?? { ehr: 'backport-r4' });
  const issuer = { issuer: 'https://platform.example', audience: 'portcullis' };
  return {
    profile: 'development',
    http: { listen: options.listen ?? { host: '127.0.0.1', port: 0 } },
    journal: { engine: 'sqlite', path: 'state/journal.db' },
    keys: { master: { file: 'keys/master.key' }, auditSigning: { file: 'keys/audit.pem' } },
    core: { url: options.coreUrl ?? UNREACHABLE, signingSecret: { file: 'keys/core.secret' } },
    tokens: options.tokens ?? [{ ...issuer, algorithms: ['HS256'], secret: { value: TOKEN_SECRET } }],
    organizations: [
      {
        id: 'mercy',
        name: 'Mercy Health',
        sources: sources.map(([id, profile]) => ({
          id,
          profile,
          signature: { scheme: 'standard-webhooks', secrets: [{ id: 'k1', value: EHR_SECRET }] },
        })),
      },
    ],
  };
}
