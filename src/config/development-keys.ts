import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openConfigFile } from './config-file.ts';
import type { Environment } from './environment.ts';
import { configValidator } from './load.ts';
import { type SecretPurpose, type SecretUse, secretUses } from './secret-uses.ts';

/**
 * In the development profile, makes every `{ file: … }` secret of the configuration that does not exist yet, in the
 * form its purpose demands: files of mode 0600, missing folders of mode 0700. Existing files are never touched, and
 * several processes may do this at once: each file is made whole, by one of them. Does nothing in production, nor
 * for what is wrong with the file: loading tells that.
 * @returns paths of the files made, as the configuration names them.
 * @throws Error when a file cannot be written.
 */
export async function ensureDevelopmentKeys(
  file: string,
  environment: Environment,
  validate = configValidator(),
): Promise<readonly string[]> {
  const { config } = await openConfigFile(file, environment, validate);
  if (config === undefined || config.root.get('profile').as<string>() !== 'development') return [];
  const made: string[] = [];
  for (const use of secretUses(config.root)) {
    const path = use.reference.file;
    if (path !== undefined && (await makeKeyFile(resolve(environment.workingDirectory, path), use)))
      made.push(path);
  }
  return made;
}

async function makeKeyFile(path: string, use: SecretUse): Promise<boolean> {
  if (use.purpose.kind === 'previous-master' || (await exists(path))) return false;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return writeOnce(path, `${newKeyText(use)}\n`);
}

async function exists(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r');
    await handle.close();
    return true;
  } catch (error) {
    // A file that is there but may not be read must not be replaced either.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

/** Whoever links its finished file to the name first has made it; no one ever sees half a key. */
async function writeOnce(path: string, text: string): Promise<boolean> {
  const draft = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await publish(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function publish(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    // Some file systems of desktop containers have no hard links.
    await copyFile(draft, path, constants.COPYFILE_EXCL);
    return true;
  }
}

function newKeyText({ purpose, reference }: SecretUse): string {
  if (purpose.kind === 'master') return randomBytes(32).toString('base64');
  if (purpose.kind === 'audit-signing') return newSigningKey();
  if (isStandardWebhooks(purpose) && reference.encoding === undefined) {
    return `whsec_${randomBytes(32).toString('base64')}`;
  }
  const bytes = randomBytes(purpose.kind === 'token' ? 64 : 32);
  return bytes.toString(reference.encoding === 'base64' ? 'base64' : 'hex');
}

function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trimEnd();
}

function isStandardWebhooks(purpose: SecretPurpose): boolean {
  return (
    purpose.kind === 'core-signing' || (purpose.kind === 'webhook' && purpose.scheme === 'standard-webhooks')
  );
}
