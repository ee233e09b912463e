import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { programPath } from '../measure/child-process.ts';

const SCRIPT = fileURLToPath(new URL('./signed-requests.lua', import.meta.url));
const NO_END_SECONDS = 24 * 3600;

export interface WrkOptions {
  readonly url: string;
  /** Written by `writeLuaPlan`. */
  readonly planFile: string;
  readonly recordsFile: string;
  /** Which requests of the file: `last` is not sent. */
  readonly first: number;
  readonly last: number;
  readonly connections: number;
  /** Undefined: until the requests are used up. */
  readonly seconds?: number;
  /** Begins again at `first` when the requests are used up; for receivers that keep nothing. */
  readonly wrap?: boolean;
}

/** Latencies are of a closed loop: each connection sends its next request when the last is answered. */
export interface WrkResult {
  readonly seconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Answers that were no 2xx or 3xx, connection faults and time-outs. */
  readonly errors: number;
  /** The requests were used up. */
  readonly exhausted: boolean;
}

/** Sends with one thread as fast as answers come. @throws Error when wrk fails. */
export async function runWrk(options: WrkOptions): Promise<WrkResult> {
  const child = spawn(programPath('wrk'), wrkArguments(options), { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.error += chunk;
    // wrk itself sleeps for the whole duration, though its thread has ended.
    if (said.error.includes('exhausted\n')) child.kill('SIGINT');
  });
  await once(child, 'close');
  process.removeListener('exit', kill);
  const line = /^RESULT (\{.*\})$/m.exec(said.out)?.[1];
  if (line === undefined) throw new Error(`wrk failed: ${said.error}${said.out}`);
  return resultOf(JSON.parse(line) as Record<string, number>, said.error.includes('exhausted'));
}

function wrkArguments(options: WrkOptions): string[] {
  const {
    url,
    planFile,
    recordsFile,
    first,
    last,
    connections,
    seconds = NO_END_SECONDS,
    wrap = false,
  } = options;
  const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', SCRIPT, url];
  return [...load, '--', planFile, recordsFile, String(first), String(last), wrap ? 'wrap' : 'stop'];
}

function resultOf(told: Record<string, number>, exhausted: boolean): WrkResult {
  const value = (name: string) => told[name] ?? Number.NaN;
  const seconds = value('durationUs') / 1e6;
  const errors = ['connectErrors', 'readErrors', 'writeErrors', 'statusErrors', 'timeouts'];
  return {
    seconds,
    requests: value('requests'),
    requestsPerSecond: value('requests') / seconds,
    p50Ms: value('p50Us') / 1000,
    p99Ms: value('p99Us') / 1000,
    p999Ms: value('p999Us') / 1000,
    maxMs: value('maxUs') / 1000,
    errors: errors.reduce((sum, name) => sum + value(name), 0),
    exhausted,
  };
}
