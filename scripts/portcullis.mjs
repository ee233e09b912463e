#!/usr/bin/env node
// `npx portcullis …`: sets up what is missing, then hands the command line to the program.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, programEnvironment, ROOT } from './setup.mjs';

runProgram(prepare('run'), [join(ROOT, 'src', 'main.ts'), ...process.argv.slice(2)]);

/** Signals go on to the program, which knows how to stop; its exit status is ours. */
function runProgram(node, args) {
  const child = spawn(node, args, { stdio: 'inherit', env: programEnvironment() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}
