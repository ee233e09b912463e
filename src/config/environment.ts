import { resolve } from 'node:path';

/** What the process was started with. Read once, here, and passed on as a value. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Options given to Node itself on the command line, such as `--inspect`. */
  readonly execArgv: readonly string[];
  /** Without the leading `v`. */
  readonly nodeVersion: string;
  readonly workingDirectory: string;
}

/** The only place where this program looks at `process.env` and `process.execArgv`. */
export function readEnvironment(): Environment {
  return {
    variables: { ...process.env },
    execArgv: [...process.execArgv],
    nodeVersion: process.versions.node,
    workingDirectory: process.cwd(),
  };
}

const DEFAULT_CONFIG_FILE = 'config/portcullis.yaml';

/**
 * The configuration file in force: what the command line names, else `PORTCULLIS_CONFIG`, else
 * `config/portcullis.yaml`; relative to the working directory.
 */
export function configFile(environment: Environment, argument?: string): string {
  const named = argument ?? environment.variables.PORTCULLIS_CONFIG;
  return resolve(
    environment.workingDirectory,
    named === undefined || named === '' ? DEFAULT_CONFIG_FILE : named,
  );
}
