import type { SignalName, Terminal } from '../../src/cli/command.ts';
import { run } from '../../src/cli/run.ts';
import type { Environment } from '../../src/config/environment.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';

/** What a command left behind. */
export interface CommandResult {
  readonly exit: number;
  /** Lines of standard output. */
  readonly out: string;
  readonly bytes: Buffer;
  readonly errors: string;
}

/** A terminal that keeps what is written to it and can send signals. */
export class FakeTerminal implements Terminal {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly #out: string[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #errors: string[] = [];
  readonly #listeners = new Map<SignalName, () => void>();

  constructor(environment: Environment, clock: Clock = systemClock) {
    this.environment = environment;
    this.clock = clock;
  }

  out = (text: string): void => void this.#out.push(text);
  outBytes = (bytes: Uint8Array): void => void this.#bytes.push(Buffer.from(bytes));
  error = (text: string): void => void this.#errors.push(text);
  onSignal = (signal: SignalName, listener: () => void): void => void this.#listeners.set(signal, listener);

  send(signal: SignalName): void {
    this.#listeners.get(signal)?.();
  }

  async run(...argv: string[]): Promise<CommandResult> {
    const exit = await run(argv, this);
    const result = {
      exit,
      out: this.#out.join('\n'),
      bytes: Buffer.concat(this.#bytes),
      errors: this.#errors.join('\n'),
    };
    for (const kept of [this.#out, this.#bytes, this.#errors]) kept.length = 0;
    return result;
  }
}
