import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Environment } from './environment.ts';
import type { Complaint } from './problem-report.ts';
import type { Profile } from './raw.ts';
import type { SecretUse } from './secret-uses.ts';

/** A secret as found: its text, and the file's permission bits where it came from one. */
export interface FoundSecret {
  readonly use: SecretUse;
  readonly text: string;
  readonly fileMode: number | undefined;
}

export type Resolution =
  | { readonly ok: true; readonly found: FoundSecret }
  | { readonly ok: false; readonly complaint: Complaint };

/** No key of ours comes near this; whatever is larger is the wrong file. */
const MAX_SECRET_BYTES = 65_536;

/** Fetches the text of a secret. File paths are relative to the working directory. Complaints never quote it. */
export async function resolveSecret(
  use: SecretUse,
  profile: Profile,
  environment: Environment,
): Promise<Resolution> {
  const { env, file, value } = use.reference;
  if (env !== undefined) return fromVariable(use, env, environment);
  if (file !== undefined) return fromFile(use, file, environment);
  return fromText(use, value ?? '', profile);
}

function fromVariable(use: SecretUse, name: string, environment: Environment): Resolution {
  const text = environment.variables[name];
  if (text !== undefined && text !== '') return found(use, text, undefined);
  const state = text === undefined ? 'is not set' : 'is empty';
  const message = `the environment variable ${name} ${state}`;
  return refused('secret-missing', message, `set ${name}, or use \`{ file: PATH }\``);
}

function fromText(use: SecretUse, text: string, profile: Profile): Resolution {
  if (profile === 'development') return found(use, text, undefined);
  const remedy =
    'move the secret to `{ file: PATH }` or `{ env: NAME }`, and replace it: this file has shown it';
  return refused('secret-inline', 'a secret is written in the configuration file', remedy);
}

async function fromFile(use: SecretUse, path: string, environment: Environment): Promise<Resolution> {
  try {
    await using handle = await open(resolve(environment.workingDirectory, path), 'r');
    return await readSecret(use, path, handle);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const message = missing ? `the file ${path} does not exist` : `the file ${path} cannot be read`;
    const remedy =
      'create it, readable by the user of the gateway only; paths are relative to the working directory';
    return refused(missing ? 'secret-missing' : 'secret-unreadable', message, remedy);
  }
}

async function readSecret(use: SecretUse, path: string, handle: FileHandle): Promise<Resolution> {
  const status = await handle.stat();
  if (!status.isFile() || status.size > MAX_SECRET_BYTES) {
    const message = `${path} is not a file of at most ${MAX_SECRET_BYTES} bytes`;
    return refused('secret-unreadable', message, 'name the file that holds the secret');
  }
  const text = (await handle.readFile('utf8')).replace(/\r?\n$/, '');
  if (text === '') return refused('secret-missing', `the file ${path} is empty`, 'write the secret into it');
  return found(use, text, status.mode & 0o777);
}

function found(use: SecretUse, text: string, fileMode: number | undefined): Resolution {
  return { ok: true, found: { use, text, fileMode } };
}

function refused(code: string, message: string, remedy: string): Resolution {
  return { ok: false, complaint: { code, message, remedy } };
}
