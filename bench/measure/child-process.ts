import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const STOP_DEADLINE_MS = 30_000;
const LISTEN_DEADLINE_MS = 120_000;
const LISTEN_POLL_MS = 5;
const TAIL_BYTES = 2_000;
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Takes what it prints. */
  readonly logFile: string;
}

/** A server under measurement, or a sender. It ends with this process at the latest. */
export class Child {
  readonly #options: ChildOptions;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly startedAt = performance.now();
  #running = true;

  constructor(options: ChildOptions) {
    this.#options = options;
    const log = openSync(options.logFile, 'a');
    this.#child = spawn(options.program, options.args, { stdio: ['ignore', log, log] });
    closeSync(log);
    const killWithUs = () => this.#child.kill('SIGTERM');
    process.once('exit', killWithUs);
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        this.#running = false;
        process.removeListener('exit', killWithUs);
        resolve();
      };
      this.#child.once('exit', ended).once('error', ended);
    });
  }

  /** @throws Error when it did not start. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#failure('did not start');
    return pid;
  }

  /** @returns milliseconds from its start until the port took a connection. @throws Error when it ended before. */
  async listening(port: number): Promise<number> {
    while (performance.now() - this.startedAt < LISTEN_DEADLINE_MS) {
      if (!this.#running) throw this.#failure('ended before it listened');
      if (await takesConnections(port)) return performance.now() - this.startedAt;
      await pause(LISTEN_POLL_MS);
    }
    await this.stop();
    throw this.#failure('does not listen');
  }

  /** Ends it with SIGTERM, or harder if it does not. @throws Error when it had ended by itself. */
  async stop(): Promise<void> {
    if (!this.#running) throw this.#failure('ended by itself');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await this.#exited;
    clearTimeout(late);
  }

  #failure(what: string): Error {
    const { name, logFile } = this.#options;
    return new Error(`${name} ${what}; it said:\n${readFileSync(logFile, 'utf8').slice(-TAIL_BYTES)}`);
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

/** Path of a program, which Debian may keep outside a user's PATH. */
export function programPath(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
