import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../kernel/clock.ts';
import { type ConfigFile, openConfigFile } from './config-file.ts';
import type { Environment } from './environment.ts';
import { guardProcess } from './guards.ts';
import { judgeOrganizations } from './judge-organizations.ts';
import { judgeCoordination, judgeCore, judgeHttp, judgeJournal } from './judge-service.ts';
import { judgeTokens } from './judge-tokens.ts';
import type { Judgement } from './judgement.ts';
import { type DecodedSecret, decodeSecret } from './key-decoding.ts';
import { judgeKeys } from './key-judgement.ts';
import type { ProblemReport } from './problem-report.ts';
import { createSchemaValidator, type SchemaValidator } from './schema-validator.ts';
import { resolveSecret } from './secret-resolution.ts';
import { SecretTable, secretUses } from './secret-uses.ts';
import { GatewaySecrets } from './secrets.ts';
import { readSenderProfiles, senderProfileValidator } from './sender-profiles.ts';
import { ConfiguredSources } from './source-directory.ts';
import type { ConfigSnapshot, GatewayConfig, LoadResult } from './types.ts';

export interface LoadContext {
  readonly environment: Environment;
  readonly clock: Clock;
}

/** Loads one file; calling it changes nothing. */
export type ConfigLoader = (file: string) => Promise<LoadResult>;

/** The folder of the product that holds the schemas and the sender profiles. */
const PRODUCT_CONFIG = fileURLToPath(new URL('../../config/', import.meta.url));
const PRODUCT_PROFILES = join(PRODUCT_CONFIG, 'sender-profiles');

/** Compiles `config/schema.json`, which takes a tenth of a second: do it once and pass it on. */
export function configValidator(): SchemaValidator {
  return createSchemaValidator(JSON.parse(readFileSync(join(PRODUCT_CONFIG, 'schema.json'), 'utf8')));
}

/**
 * A loader that has compiled the schemas once. It reads the file, the sender profiles and every secret, judges all
 * of it, and tells all problems at once; with an error there is no configuration.
 */
export function createConfigLoader(context: LoadContext, validate = configValidator()): ConfigLoader {
  const validateProfile = senderProfileValidator(PRODUCT_PROFILES);
  return async (file) => {
    const { report, config } = await openConfigFile(file, context.environment, validate);
    const snapshot = config && (await judge(config, { context, report, validateProfile }));
    if (report.failed || snapshot === undefined) return { ok: false, problems: report.problems() };
    return { ok: true, snapshot };
  };
}

/** Loads one file, once. For several loads make a loader and keep it. */
export function loadConfig(
  file: string,
  context: LoadContext,
  validate = configValidator(),
): Promise<LoadResult> {
  return createConfigLoader(context, validate)(file);
}

interface Workshop {
  readonly context: LoadContext;
  readonly report: ProblemReport;
  readonly validateProfile: SchemaValidator;
}

async function judge(
  file: ConfigFile,
  { context, report, validateProfile }: Workshop,
): Promise<ConfigSnapshot | undefined> {
  const { environment, clock } = context;
  const { root, profile } = file;
  guardProcess(environment, profile, report);
  const secrets = await readSecrets(file, environment, report);
  judgeKeys(secrets.values(), profile, report);
  const folders = [PRODUCT_PROFILES, join(dirname(file.path), 'sender-profiles')];
  const senderProfiles = await readSenderProfiles(folders, environment, validateProfile, report);
  const { workingDirectory } = environment;
  return assemble(
    file,
    { profile, now: clock.now(), report, secrets, senderProfiles, workingDirectory },
    root,
  );
}

async function readSecrets(
  { root, profile }: ConfigFile,
  environment: Environment,
  report: ProblemReport,
): Promise<SecretTable<DecodedSecret>> {
  const table = new SecretTable<DecodedSecret>();
  for (const use of secretUses(root)) {
    const resolution = await resolveSecret(use, profile, environment);
    const decoding = resolution.ok ? decodeSecret(resolution.found) : resolution;
    if (decoding.ok) table.set(use.path, decoding.secret);
    else report.at(use.path, decoding.complaint);
  }
  return table;
}

function assemble(
  file: ConfigFile,
  judgement: Judgement,
  root: ConfigFile['root'],
): ConfigSnapshot | undefined {
  const http = judgeHttp(root.get('http'), judgement);
  const journal = judgeJournal(root, judgement);
  const core = judgeCore(root.get('core'), judgement);
  judgeCoordination(root.get('coordination'), judgement);
  const tokens = judgeTokens(root.get('tokens'), judgement);
  const organizations = judgeOrganizations(root.get('organizations'), judgement);
  const log = root.get('log').as<GatewayConfig['log']>();
  const secrets = gatewaySecrets(root, judgement.secrets);
  if (!http || !journal || !core || !log || !secrets) return undefined;
  const outlines = organizations.map(({ outline }) => outline);
  return {
    file: file.path,
    config: { profile: file.profile, http, journal, core, tokens, organizations: outlines, log },
    secrets,
    sources: new ConfiguredSources(organizations.flatMap(({ sources }) => sources)),
    warnings: judgement.report.problems(),
  };
}

function gatewaySecrets(
  root: ConfigFile['root'],
  table: SecretTable<DecodedSecret>,
): GatewaySecrets | undefined {
  const bytes = (node: ConfigFile['root']) => table.get(node.path)?.bytes;
  const keys = root.get('keys');
  const master = bytes(keys.get('master'));
  const audit = table.get(keys.get('auditSigning').path);
  const coreSigningKey = bytes(root.get('core').get('signingSecret'));
  if (master === undefined || coreSigningKey === undefined || audit?.kind !== 'signing-key') return undefined;
  const previous = keys
    .get('previousMasters')
    .items()
    .flatMap((node) => bytes(node) ?? []);
  return new GatewaySecrets({
    masterKeys: [master, ...previous],
    auditSigningKey: audit.key,
    coreSigningKey,
    sidecarSecret: bytes(root.get('http').get('sidecarSecret')),
    tokenSecrets: root
      .get('tokens')
      .items()
      .map((issuer) => bytes(issuer.get('secret'))),
  });
}
