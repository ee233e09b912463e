import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SlotPlace } from './notification.ts';
import type { RequestSet } from './request-set.ts';
import type { Target } from './wire-plan.ts';

const SENDER = fileURLToPath(new URL('./paced-sender.ts', import.meta.url));

/** What the sender's process is told. */
export interface PacedOptions {
  readonly requests: {
    readonly file: string;
    readonly recordBytes: number;
    readonly template: { readonly body: string; readonly places: readonly SlotPlace[] };
  };
  readonly target: Target;
  readonly first: number;
  /** Requests a second, evenly spaced. */
  readonly rate: number;
  /** Sent before the measurement, not counted. */
  readonly warmupSeconds: number;
  readonly seconds: number;
  readonly connections: number;
}

/** Latencies count from when a request was due, not from when it could be sent. */
export interface PacedResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How late the sender itself wrote requests, 99th percentile; part of the latencies. */
  readonly senderLagP99Ms: number;
  /** Answers other than 200, and requests without one. */
  readonly errors: number;
}

/** Sends at a constant rate from a process of its own. @throws Error when that fails. */
export async function runPaced(
  folder: string,
  { file, recordBytes, template }: RequestSet,
  options: Omit<PacedOptions, 'requests'>,
): Promise<PacedResult> {
  const plain = { body: template.body.toString('base64'), places: template.places };
  const optionsFile = join(folder, 'paced.json');
  const all: PacedOptions = { requests: { file, recordBytes, template: plain }, ...options };
  writeFileSync(optionsFile, JSON.stringify(all));
  const child = spawn(process.execPath, [SENDER, optionsFile], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const [status] = await once(child, 'close');
  process.removeListener('exit', kill);
  if (status !== 0) throw new Error('the paced sender failed');
  return JSON.parse(said) as PacedResult;
}
