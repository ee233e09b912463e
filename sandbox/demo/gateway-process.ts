import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { pause } from '../ehr/retry.ts';

export interface GatewayProcessOptions {
  /** Program and arguments before the portcullis command, such as `[node, src/main.ts]`. */
  readonly command: readonly string[];
  readonly configFile: string;
  readonly logFile: string;
  /** Where it will listen, `http://127.0.0.1:{port}`. */
  readonly url: string;
}

export interface GatewayExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The gateway as a process of its own. */
export class GatewayProcess {
  readonly exited: Promise<GatewayExit>;
  readonly #child: ChildProcess;
  readonly #url: string;
  #exit: GatewayExit | undefined;

  /** Starts `serve`; its output goes to the log file. */
  constructor({ command, configFile, logFile, url }: GatewayProcessOptions) {
    const [program = process.execPath, ...leading] = command;
    const log = openSync(logFile, 'a');
    // A session of its own: Ctrl-C on the terminal reaches the demo alone, which then stops the gateway in order.
    const options: SpawnOptions = { stdio: ['ignore', log, log], detached: true };
    this.#url = url;
    this.#child = spawn(program, [...leading, 'serve', '--config', configFile], options);
    closeSync(log);
    process.once('exit', this.#kill);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve({ code: null, signal: null }));
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    void this.exited.then((exit) => {
      this.#exit = exit;
      process.removeListener('exit', this.#kill);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): GatewayExit | undefined {
    return this.#exit;
  }

  /** Polls `/health/ready`. @returns false where the process ended, the deadline passed or the signal aborted. */
  async ready(deadlineMs: number, signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    while (this.#exit === undefined && performance.now() < end && !signal.aborted) {
      if (await isReady(this.#url)) return true;
      await pause(50, signal);
    }
    return false;
  }

  /** Asks it to end with SIGTERM; kills it after the deadline. */
  async stop(deadlineMs: number): Promise<GatewayExit> {
    if (this.#exit === undefined) this.#child.kill('SIGTERM');
    const late = setTimeout(this.#kill, deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(late);
    }
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL');
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** A TCP port of the loopback interface that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
