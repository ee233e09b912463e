import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type GatewayConfigParts,
  gatewayConfig,
  newAuditKey,
  newMasterKey,
  newWebhookSecret,
} from './gateway-config.ts';
import { type CommandResult, GatewayProcess, type LaunchOptions, runCommand } from './gateway-process.ts';

type HomeConfig = Pick<GatewayConfigParts, 'coreUrl' | 'organizations'> & Partial<GatewayConfigParts>;

/**
 * A temporary folder with keys and a configuration, and the gateways that ran from it. After the test every process is
 * killed that still runs, what they wrote to standard error is judged, and the folder is removed.
 */
export class GatewayHome {
  readonly folder: string;
  readonly configFile: string;
  readonly coreSecret = newWebhookSecret();
  readonly masterKey = newMasterKey();
  readonly #processes: GatewayProcess[] = [];
  readonly #deferred: (() => Promise<unknown>)[] = [];
  #mayComplain = /^$/;

  private constructor(folder: string) {
    this.folder = folder;
    this.configFile = join(folder, 'portcullis.json');
  }

  static async make(t: TestContext): Promise<GatewayHome> {
    const home = new GatewayHome(await mkdtemp(join(tmpdir(), 'portcullis-test-')));
    const abandon = () => home.#killAll();
    process.once('exit', abandon);
    t.after(async () => {
      process.removeListener('exit', abandon);
      await home.#close();
    });
    await writeFile(home.path('master.key'), home.masterKey, { mode: 0o600 });
    await writeFile(home.path('audit.pem'), newAuditKey(), { mode: 0o600 });
    return home;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  get journal(): string {
    return this.path('journal.db');
  }

  async configure(parts: HomeConfig): Promise<void> {
    const config = gatewayConfig({
      journalPath: this.journal,
      masterKeyFile: this.path('master.key'),
      auditKeyFile: this.path('audit.pem'),
      coreSecret: this.coreSecret,
      ...parts,
    });
    await writeFile(this.configFile, JSON.stringify(config, undefined, 2));
  }

  /** Standard error of the gateways may hold lines of this form; any other fails the test. */
  tolerate(complaint: RegExp): void {
    this.#mayComplain = complaint;
  }

  /** Work for the end of the test, whatever its outcome; what was deferred last is done first. */
  defer(work: () => Promise<unknown>): void {
    this.#deferred.push(work);
  }

  /** Starts a gateway without waiting for anything. */
  launch(options: Omit<LaunchOptions, 'configFile'> = {}): GatewayProcess {
    const gateway = new GatewayProcess({ configFile: this.configFile, ...options });
    this.#processes.push(gateway);
    return gateway;
  }

  /** Starts a gateway and waits until it is ready. */
  start(options: Omit<LaunchOptions, 'configFile'> = {}): Promise<GatewayProcess> {
    return this.launch(options).ready();
  }

  /** Runs a command with this home's configuration. */
  run(args: readonly string[], prefix: readonly string[] = []): Promise<CommandResult> {
    return runCommand([...args, '--config', this.configFile], { prefix });
  }

  /** Objects that a command prints with `--json`, one a line. @throws AssertionError when it fails. */
  async json(args: readonly string[], prefix: readonly string[] = []): Promise<Record<string, unknown>[]> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], prefix);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}${stdout}`);
    return stdout
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  #killAll(): void {
    for (const gateway of this.#processes) gateway.signal('SIGKILL');
  }

  /** One hook for all: the runner leaves out the hooks that stand behind one that fails. */
  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const work of this.#deferred.toReversed()) {
      await work().catch((error: unknown) => failures.push(error));
    }
    this.#killAll();
    await Promise.all(this.#processes.map((gateway) => gateway.exited));
    await rm(this.folder, { recursive: true, force: true });
    const complaints = this.#processes.flatMap(({ stderr }) => stderr.split('\n'));
    const unexpected = complaints.filter((line) => line !== '' && !this.#mayComplain.test(line));
    assert.deepEqual(unexpected, [], 'a gateway wrote to standard error');
    assert.deepEqual(failures, [], 'the end of the test failed');
  }
}
