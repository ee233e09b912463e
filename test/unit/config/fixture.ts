import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Environment } from '../../../src/config/environment.ts';
import { type ConfigLoader, configValidator, createConfigLoader } from '../../../src/config/load.ts';
import type { ConfigProblem } from '../../../src/config/problem.ts';
import type { ConfigSnapshot, LoadResult } from '../../../src/config/types.ts';

/** Compiled once for all tests of a file: it is a pure function. */
const validate = configValidator();

export const NOW = Date.parse('2026-11-22T12:00:00Z');

/** A working directory of its own, with the files that tests put there. Gone after the test. */
export class Workspace {
  readonly folder: string;
  readonly variables: Record<string, string> = {};
  execArgv: string[] = [];
  nodeVersion = '24.21.0';
  now = NOW;

  constructor(folder: string) {
    this.folder = folder;
  }

  get environment(): Environment {
    const { variables, execArgv, nodeVersion, folder } = this;
    return { variables, execArgv, nodeVersion, workingDirectory: folder };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, text: string | Buffer, mode = 0o600): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), text, { mode });
  }

  loader(): ConfigLoader {
    const clock = { now: () => this.now };
    return createConfigLoader({ environment: this.environment, clock }, validate);
  }

  async load(yaml: string): Promise<LoadResult> {
    await this.write('portcullis.yaml', yaml);
    return this.loader()('portcullis.yaml');
  }

  /** Problems and warnings alike. */
  async problems(yaml: string): Promise<readonly ConfigProblem[]> {
    const result = await this.load(yaml);
    return result.ok ? result.snapshot.warnings : result.problems;
  }

  async snapshot(yaml: string): Promise<ConfigSnapshot> {
    const result = await this.load(yaml);
    if (result.ok) return result.snapshot;
    throw new Error(`refused: ${JSON.stringify(result.problems)}`);
  }
}

export async function workspace(t: TestContext): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const space = new Workspace(folder);
  await space.write('keys/master.key', randomBytes(32).toString('base64'));
  await space.write('keys/audit.pem', signingKeyPem());
  await space.write('keys/core.secret', webhookSecret());
  await space.write('keys/ehr.secret', webhookSecret());
  return space;
}

export function webhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function signingKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Parts of a configuration that loads; a test replaces the part it is about. */
export interface Parts {
  readonly profile: string;
  readonly http: string;
  readonly journal: string;
  readonly keys: string;
  readonly core: string;
  readonly tokens: string;
  readonly source: string;
  readonly signature: string;
  readonly secrets: string;
  readonly more: string;
}

const SOUND: Parts = {
  profile: 'development',
  http: '{}',
  journal: '{ engine: sqlite, path: var/journal.db }',
  keys: '{ master: { file: keys/master.key }, auditSigning: { file: keys/audit.pem } }',
  core: '{ url: "https://core.example/events", signingSecret: { file: keys/core.secret } }',
  tokens: '[]',
  source: '',
  signature: 'scheme: standard-webhooks',
  secrets: '[{ id: k1, file: keys/ehr.secret }]',
  more: '',
};

/** Line numbers: profile 1, http 2, journal 3, keys 4, core 5, tokens 6, organization 8, source 10, signature 13. */
export function yaml(changes: Partial<Parts> = {}): string {
  const parts = { ...SOUND, ...changes };
  return `profile: ${parts.profile}
http: ${parts.http}
journal: ${parts.journal}
keys: ${parts.keys}
core: ${parts.core}
tokens: ${parts.tokens}
organizations:
  - id: mercy
    sources:
      - id: ehr
        profile: backport-r4
        signature:
          ${parts.signature}
          secrets: ${parts.secrets}
        ${parts.source}
${parts.more}
`;
}
