import type { Environment } from '../config/environment.ts';
import type { Clock } from '../kernel/clock.ts';

/** Exit statuses: what each means is said by `--help` of the command; these hold for all (sysexits). */
export const EXIT = { ok: 0, problem: 1, usage: 64, failure: 70, config: 78 } as const;

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** The process as a command sees it. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly outBytes: (bytes: Uint8Array) => void;
  readonly error: (text: string) => void;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly onSignal: (signal: SignalName, listener: () => void) => void;
}

export interface Command {
  /** Words that name it, such as `audit verify`. */
  readonly name: string;
  readonly summary: string;
  /** Everything `--help` says below the usage line. */
  readonly help: string;
  readonly usage: string;
  /** @returns the exit status. @throws UsageError when the arguments are wrong. */
  run(argv: readonly string[], terminal: Terminal): Promise<number>;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}
