import { createHash, type KeyObject } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../kernel/canonical-json.ts';
import type { ConfigLoader } from './load.ts';
import type { ConfigProblem } from './problem.ts';
import type { ConfigSnapshot, GatewayConfig } from './types.ts';

export type ReloadResult =
  | {
      readonly ok: true;
      readonly snapshot: ConfigSnapshot;
      /** Keys whose new value waits for a restart, such as `http.listen`; until then the running value holds. */
      readonly restartNeeded: readonly string[];
    }
  /** The running configuration stays in force. */
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The running configuration: one snapshot, replaced as a whole by a reload or not at all. */
export class ConfigHolder {
  readonly #load: ConfigLoader;
  #current: ConfigSnapshot;
  #reloading: Promise<ReloadResult> | undefined;

  constructor(initial: ConfigSnapshot, load: ConfigLoader) {
    this.#current = initial;
    this.#load = load;
  }

  /** The snapshot in force. Read it anew for each unit of work, and use one snapshot throughout that unit. */
  get current(): ConfigSnapshot {
    return this.#current;
  }

  /** Reads the file again. A call during a reload starts another one after it, since the file may have changed. */
  reload(): Promise<ReloadResult> {
    const replace = () => this.#replace();
    this.#reloading = this.#reloading === undefined ? replace() : this.#reloading.then(replace, replace);
    return this.#reloading;
  }

  async #replace(): Promise<ReloadResult> {
    const result = await this.#load(this.#current.file);
    if (!result.ok) return result;
    const running = this.#current;
    if (result.snapshot.config.profile !== running.config.profile) return profileChanged(running.file);
    const restartNeeded = RESTART_VALUES.filter(({ value }) => value(running) !== value(result.snapshot));
    const snapshot = keepRunning(running, result.snapshot);
    this.#current = snapshot;
    return { ok: true, snapshot, restartNeeded: restartNeeded.map(({ key }) => key) };
  }
}

/** What a reload cannot change; the schema marks the same keys with `x-effect: restart`. Values are comparable texts. */
const RESTART_VALUES: readonly { readonly key: string; readonly value: (of: ConfigSnapshot) => string }[] = [
  { key: 'http.listen', value: ({ config }) => text(config.http.listen) },
  { key: 'http.maxBodyBytes', value: ({ config }) => text(config.http.maxBodyBytes) },
  { key: 'http.limits', value: ({ config }) => text(config.http.limits) },
  { key: 'journal', value: ({ config }) => text(config.journal) },
  { key: 'keys', value: ({ secrets }) => keyPrint(secrets.masterKeys, secrets.auditSigningKey) },
  { key: 'core', value: ({ config }) => text(config.core) },
  { key: 'log', value: ({ config }) => text(config.log) },
];

/** The keys that a reload leaves as they run. */
export const RESTART_KEYS: readonly string[] = RESTART_VALUES.map(({ key }) => key);

/** The new snapshot with the parts that only a restart can change as they run, so that it tells the truth. */
function keepRunning(running: ConfigSnapshot, loaded: ConfigSnapshot): ConfigSnapshot {
  const { listen, limits, maxBodyBytes } = running.config.http;
  const config: GatewayConfig = {
    ...loaded.config,
    http: { ...loaded.config.http, listen, limits, maxBodyBytes },
    journal: running.config.journal,
    core: running.config.core,
    log: running.config.log,
  };
  const { masterKeys, auditSigningKey } = running.secrets;
  return { ...loaded, config, secrets: loaded.secrets.with({ masterKeys, auditSigningKey }) };
}

function profileChanged(file: string): ReloadResult {
  const message = '`profile` cannot change while the gateway runs';
  const remedy = 'restart the gateway, or set it back';
  const place = { file, line: undefined, path: 'profile' };
  return { ok: false, problems: [{ severity: 'error', code: 'profile-changed', ...place, message, remedy }] };
}

function text(value: object | number): string {
  return canonicalJson(value as JsonValue);
}

function keyPrint(masters: readonly Buffer[], signing: KeyObject): string {
  const digest = createHash('sha256');
  for (const master of masters) digest.update(master);
  return digest.update(signing.export({ type: 'pkcs8', format: 'der' })).digest('base64');
}
