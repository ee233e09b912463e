import { ensureDevelopmentKeys } from '../config/development-keys.ts';
import { configFile } from '../config/environment.ts';
import { type ConfigLoader, configValidator, createConfigLoader } from '../config/load.ts';
import { formatProblems } from '../config/problem.ts';
import type { ConfigSnapshot } from '../config/types.ts';
import { GatewayError } from '../kernel/errors.ts';
import { type JournalSettings, SqliteJournal } from '../storage/journal/sqlite/sqlite-journal.ts';
import type { Terminal } from './command.ts';

/** The configuration cannot be used; its message lists every problem. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
}

export interface LoadedConfig {
  readonly snapshot: ConfigSnapshot;
  readonly load: ConfigLoader;
}

/** Loads the configuration that `--config` or the environment names. @throws ConfigRefused. */
export async function loadConfiguration(
  terminal: Terminal,
  argument: string | undefined,
): Promise<LoadedConfig> {
  return load(terminal, argument, configValidator());
}

/** The same, after making the key files that a development configuration names and that do not exist yet. */
export async function loadWithDevelopmentKeys(
  terminal: Terminal,
  argument: string | undefined,
): Promise<LoadedConfig> {
  const { environment } = terminal;
  const validate = configValidator();
  const made = await ensureDevelopmentKeys(configFile(environment, argument), environment, validate);
  for (const path of made) terminal.error(`made a development key: ${path}`);
  return load(terminal, argument, validate);
}

async function load(
  { environment, clock }: Terminal,
  argument: string | undefined,
  validate: ReturnType<typeof configValidator>,
): Promise<LoadedConfig> {
  const loader = createConfigLoader({ environment, clock }, validate);
  const result = await loader(configFile(environment, argument));
  if (!result.ok) throw new ConfigRefused(formatProblems(result.problems));
  return { snapshot: result.snapshot, load: loader };
}

export function journalSettings({ config, secrets }: ConfigSnapshot): JournalSettings {
  return { ...config.journal, masterKeys: secrets.masterKeys };
}

/** Opens the journal beside a running gateway, or without one, and closes it after the work. */
export function withJournal<Result>(
  snapshot: ConfigSnapshot,
  terminal: Terminal,
  work: (journal: SqliteJournal) => Result,
): Result {
  const journal = new SqliteJournal(journalSettings(snapshot), terminal.clock, 'companion');
  try {
    return work(journal);
  } finally {
    journal.close();
  }
}

/** Who acts, for the audit log: the operating system's user, since commands have no token. */
export function operatorOf(terminal: Terminal): string {
  const { variables } = terminal.environment;
  const name = variables.SUDO_USER ?? variables.USER ?? variables.LOGNAME ?? '';
  return `operator:${/^[A-Za-z0-9._-]{1,64}$/.test(name) ? name : 'unknown'}`;
}

export function isExpected(error: unknown): error is GatewayError {
  return error instanceof GatewayError;
}
