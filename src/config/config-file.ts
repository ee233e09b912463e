import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { ConfigNode } from './config-node.ts';
import type { Environment } from './environment.ts';
import { ProblemReport } from './problem-report.ts';
import type { Profile } from './raw.ts';
import type { SchemaValidator } from './schema-validator.ts';
import { parseYaml, type YamlFault, type YamlText } from './yaml-document.ts';

/** A configuration file that could be read, checked against the schema, defaults filled in. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  readonly root: ConfigNode;
  /** Development where the file does not say, which is an error by itself. */
  readonly profile: Profile;
}

/** Nobody writes as much by hand; what is larger is the wrong file. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * Reads and checks one file. What is wrong goes to the report that comes back; there is no file when it could not be
 * read as YAML at all.
 * @param file relative to the working directory.
 */
export async function openConfigFile(
  file: string,
  environment: Environment,
  validate: SchemaValidator,
): Promise<{ readonly report: ProblemReport; readonly config: ConfigFile | undefined }> {
  const path = resolve(environment.workingDirectory, file);
  const name = shortName(path, environment.workingDirectory);
  const text = await readText(path);
  if (text === undefined) return { report: unreadable(name), config: undefined };
  const parsed = parseYaml(text);
  if (!parsed.ok) return { report: malformed(name, parsed.faults), config: undefined };
  const report = new ProblemReport(name, (place) => parsed.text.lineOf(place));
  return { report, config: checked(path, parsed.text, report, validate) };
}

/** The path from the working directory where the file is below it, else the whole path. */
function shortName(path: string, workingDirectory: string): string {
  const short = relative(workingDirectory, path);
  return short === '' || short.startsWith('..') ? path : short;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_FILE_BYTES) return undefined;
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function unreadable(name: string): ProblemReport {
  const report = new ProblemReport(name, () => undefined);
  const message = 'the configuration file is not there, not readable, or not UTF-8 text';
  const remedy = 'name it with `--config FILE` or PORTCULLIS_CONFIG';
  report.at([], { code: 'file-unreadable', message, remedy });
  return report;
}

function malformed(name: string, faults: readonly YamlFault[]): ProblemReport {
  const report = new ProblemReport(name, () => undefined);
  for (const { line, message } of faults) {
    report.atLine(line, { code: 'not-yaml', message, remedy: 'correct the YAML' });
  }
  return report;
}

function checked(path: string, text: YamlText, report: ProblemReport, validate: SchemaValidator): ConfigFile {
  const faults = validate(text.value);
  for (const { path: place, code, message, remedy } of faults) report.at(place, { code, message, remedy });
  const root = new ConfigNode(text.value, faults);
  return { path, root, profile: root.get('profile').as<Profile>() ?? 'development' };
}
