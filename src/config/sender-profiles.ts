import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SenderProfile } from '../inbound/sender-profile.ts';
import { openConfigFile } from './config-file.ts';
import type { Environment } from './environment.ts';
import type { ProblemReport } from './problem-report.ts';
import { createSchemaValidator, type SchemaValidator } from './schema-validator.ts';

/** Compiles the schema of sender profiles, `schema.json` of the product's folder of them. */
export function senderProfileValidator(folder: string): SchemaValidator {
  return createSchemaValidator(JSON.parse(readFileSync(join(folder, 'schema.json'), 'utf8')));
}

/**
 * Reads every `{name}.yaml` of the folders; a later folder's profile replaces an earlier one's of the same name.
 * Folders that do not exist are passed over. Faulty files are told in the report and left out.
 */
export async function readSenderProfiles(
  folders: readonly string[],
  environment: Environment,
  validate: SchemaValidator,
  report: ProblemReport,
): Promise<ReadonlyMap<string, SenderProfile>> {
  const profiles = new Map<string, SenderProfile>();
  for (const folder of new Set(folders)) {
    for (const file of await profileFiles(folder)) {
      const profile = await readSenderProfile(file, environment, validate, report);
      if (profile !== undefined) profiles.set(profile.name, profile);
    }
  }
  return profiles;
}

async function profileFiles(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.yaml'))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

async function readSenderProfile(
  file: string,
  environment: Environment,
  validate: SchemaValidator,
  report: ProblemReport,
): Promise<SenderProfile | undefined> {
  const { config, report: found } = await openConfigFile(file, environment, validate);
  const profile = config?.root.as<RawSenderProfile>();
  if (profile !== undefined && profile.name !== basename(file, '.yaml')) {
    const message = `the profile in this file is called \`${profile.name}\``;
    found.at(['name'], { code: 'name-mismatch', message, remedy: 'give file and profile the same name' });
  }
  report.include(found);
  return profile === undefined || found.failed ? undefined : toSenderProfile(profile);
}

/** A profile's file as its schema describes it. */
type RawSenderProfile = Omit<SenderProfile, 'retryHorizonSeconds'> & {
  readonly retryHorizonSeconds?: number;
};

function toSenderProfile(raw: RawSenderProfile): SenderProfile {
  return { ...raw, retryHorizonSeconds: raw.retryHorizonSeconds };
}
