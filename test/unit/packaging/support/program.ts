import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

const temporary = mkdtempSync(join(tmpdir(), 'pkg-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** A folder of its own, short enough for unix sockets below it; gone when the test file ends. */
export function temporaryFolder(): string {
  return mkdtempSync(join(temporary, 't-'));
}

/** Runs a program to its end. @returns its exit status and what it wrote. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

export interface RunningProgram {
  readonly process: ChildProcess;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Everything it wrote so far. */
  output(): string;
  /** Asks it to end. @returns its exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a program whose output goes to a file; it is gone when the test ends, whatever happens. */
export function startProgram(
  test: TestContext,
  [program = '', ...args]: readonly string[],
  options: { readonly cwd: string; readonly log: string },
): RunningProgram {
  const log = openSync(options.log, 'a');
  const child = spawn(program, args, { cwd: options.cwd, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', (code) => resolve(code));
  });
  test.after(async () => {
    // Asked first: killed outright, nginx would leave its workers behind.
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  });
  return {
    process: child,
    ended,
    output: () => readFileSync(options.log, 'utf8'),
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Waits until `probe` holds. @throws Error with what the program wrote, once it has ended or 30 s have passed. */
export async function untilReady(program: RunningProgram, probe: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (performance.now() < end && program.process.exitCode === null) {
    if (await probe()) return;
    await pause(20);
  }
  throw new Error(`the program is not ready:\n${program.output()}`);
}
