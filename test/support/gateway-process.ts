import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from './http-request.ts';
import { until, within } from './until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface LaunchOptions {
  readonly configFile: string;
  /** Words that stand before `node`, such as those of unshare; they must end in an exec, so that the pid stays. */
  readonly prefix?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** False forgets log lines once they were announced, for long runs. */
  readonly keepLog?: boolean;
}

export interface GatewayExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type LogLine = Readonly<Record<string, unknown>>;

/** A gateway in a process of its own, as `serve` runs it. */
export class GatewayProcess {
  readonly #child: ChildProcess;
  readonly #lines = new EventEmitter<{ line: [LogLine] }>();
  readonly #kept: string[] = [];
  readonly #listening: Promise<number>;
  readonly exited: Promise<GatewayExit>;
  readonly startedAt = performance.now();
  #stderr = '';
  #exit: GatewayExit | undefined;
  #port = 0;

  constructor(options: LaunchOptions) {
    this.#child = launch(['serve', '--config', options.configFile], options);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#readLog(options.keepLog ?? true);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve({ code: null, signal: null }));
      // Not `exit`: what the process wrote last is to be read, too.
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then((exit) => {
      this.#exit = exit;
    });
    this.#listening = this.waitForLog((line) => line.msg === 'listening').then((line) => {
      this.#port = Number(line.port);
      return this.#port;
    });
    this.#listening.catch(() => undefined);
  }

  /** @throws Error when it was never started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the gateway was not started');
    return this.#child.pid;
  }

  /** Base of its URLs. @throws Error before it listens. */
  get url(): string {
    if (this.#port === 0) throw new Error('the gateway does not listen yet');
    return `http://127.0.0.1:${this.#port}`;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Every line of the log so far. */
  get log(): readonly string[] {
    return this.#kept;
  }

  /** How it ended; undefined while it runs. */
  get exit(): GatewayExit | undefined {
    return this.#exit;
  }

  /** Resolves when it takes connections. @throws Error with what it said when it ends instead. */
  async listening(): Promise<this> {
    await within('listening', this.#listening);
    return this;
  }

  /** Resolves when it says that it is ready. */
  async ready(): Promise<this> {
    await this.listening();
    await until('ready', async () => (await this.health()).status === 200);
    return this;
  }

  async health(): Promise<{ status: number; reasons: string[]; warnings: string[] }> {
    const { status, body } = await request(`${this.url}/health/ready`);
    const { reasons, warnings } = JSON.parse(body.toString()) as { reasons: string[]; warnings: string[] };
    return { status, reasons, warnings };
  }

  /** The text that Prometheus would scrape. */
  async metrics(): Promise<string> {
    return (await request(`${this.url}/metrics`)).body.toString();
  }

  /** Value of one series, written as in the exposition; undefined when there is none. */
  async metric(series: string): Promise<number | undefined> {
    const line = (await this.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  /** The next log line of this kind, or an earlier one that was kept. @throws Error when the process ends first. */
  waitForLog(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const earlier = this.#kept.map(parseLine).find(matches);
    if (earlier !== undefined) return Promise.resolve(earlier);
    return new Promise((resolve, reject) => {
      const look = (line: LogLine) => {
        if (!matches(line)) return;
        this.#lines.off('line', look);
        resolve(line);
      };
      this.#lines.on('line', look);
      void this.exited.then(({ code, signal }) => {
        reject(new Error(`the gateway ended (${code ?? signal}): ${this.#stderr}`));
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(name);
  }

  /** SIGTERM. @returns how it ended. */
  stop(): Promise<GatewayExit> {
    this.signal('SIGTERM');
    return within('end after SIGTERM', this.exited);
  }

  /** SIGKILL. */
  kill(): Promise<GatewayExit> {
    this.signal('SIGKILL');
    return within('end after SIGKILL', this.exited);
  }

  #readLog(keep: boolean): void {
    const { stdout } = this.#child;
    if (stdout === null) return;
    createInterface({ input: stdout }).on('line', (text) => {
      if (keep) this.#kept.push(text);
      if (this.#lines.listenerCount('line') > 0) this.#lines.emit('line', parseLine(text));
    });
  }
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs one command of the program to its end. */
export async function runCommand(
  args: readonly string[],
  options: Omit<LaunchOptions, 'configFile' | 'keepLog'> = {},
): Promise<CommandResult> {
  const child = launch(args, options);
  const out: Buffer[] = [];
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout: Buffer.concat(out), stderr };
}

function launch(args: readonly string[], options: Omit<LaunchOptions, 'configFile' | 'keepLog'>) {
  const { prefix = [], variables = {}, nodeOptions = [] } = options;
  const [program = process.execPath, ...rest] = [...prefix, process.execPath, ...nodeOptions, MAIN, ...args];
  const { NODE_TEST_CONTEXT: _runner, NODE_OPTIONS: _options, ...inherited } = process.env;
  return spawn(program, rest, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...variables },
  });
}

/** A killed process may leave half a line. */
function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return {};
  }
}
