import { parseArgs } from 'node:util';

export const USAGE = `npm run bench [-- [--quick] [A B C D E F]]

  A  saturation throughput, beside bare Express, Debian webhook and nginx with Lua
  B  latency of the accept at half of saturation
  C  forwarding to a local core platform
  D  resident memory over many events
  E  audit verify
  F  cold start

All scenarios unless some are named; bench/RESULTS.md then keeps what earlier runs on this machine found for the others.
--quick  short and small, for developing the benchmark; written to var/bench-quick.md instead`;

export interface CommandLine {
  readonly help: boolean;
  readonly quick: boolean;
  readonly scenarios: readonly string[];
}

/** @throws Error for unknown options and scenarios. */
export function parseCommandLine(argv: readonly string[], known: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const scenarios = positionals.map((id) => id.toUpperCase());
  const unknown = scenarios.filter((id) => !known.includes(id));
  if (unknown.length > 0) throw new Error(`unknown scenarios: ${unknown.join(', ')}`);
  return { help: values.help, quick: values.quick, scenarios: scenarios.length > 0 ? scenarios : known };
}
