import { writeSync } from 'node:fs';
import { run } from './cli/run.ts';
import { readEnvironment } from './config/environment.ts';
import { systemClock } from './kernel/clock.ts';

/** The process: arguments in, exit status out. Nothing below this file touches `process` for that. */
process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  outBytes: (bytes) => writeSync(process.stdout.fd, bytes),
  error: (text) => process.stderr.write(`${text}\n`),
  environment: readEnvironment(),
  clock: systemClock,
  onSignal: (signal, listener) => process.on(signal, listener),
});
