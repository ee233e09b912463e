import { spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.ts';

const PROBES = 200;
const PROBE_BYTES = 4_096;
const GIB = 1024 ** 3;

/** What the figures depend on, as name and value, in the order to print. */
export function describeMachine(folder: string): [string, string][] {
  const [cpu] = os.cpus();
  return [
    ['processor', `${cpu?.model.trim() ?? 'unknown'}, ${os.cpus().length} cores`],
    ['memory', `${(os.totalmem() / GIB).toFixed(1)} GiB`],
    ['kernel', `${os.type()} ${os.release()} ${os.arch()}`],
    ['file system of the journal', fileSystemOf(folder)],
    ['fdatasync of 4 KiB on it, median', `${(fdatasyncMs(folder) * 1000).toFixed(0)} µs`],
    ['Node.js', process.version],
    ...['wrk', 'nginx', 'libnginx-mod-http-lua', 'webhook'].map(
      (name) => [name, packageVersion(name)] as [string, string],
    ),
  ];
}

/** Free bytes for an unprivileged process. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** The commit, with a remark where the tree differs from it. */
export function describeCommit(root: string): string {
  const commit = output('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD']);
  if (commit === '') return 'unknown';
  return output('git', ['-C', root, 'status', '--porcelain', '--', 'src', 'bench', 'package-lock.json']) ===
    ''
    ? commit
    : `${commit} and uncommitted changes`;
}

function fileSystemOf(folder: string): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const holding = mounts.filter(([, at = '']) => `${folder}/`.startsWith(at.endsWith('/') ? at : `${at}/`));
  const [, , type = 'unknown', options = ''] =
    holding.sort((a, b) => (b[1] ?? '').length - (a[1] ?? '').length)[0] ?? [];
  return `${type} (${options})`;
}

function fdatasyncMs(folder: string): number {
  const path = join(folder, 'fdatasync.probe');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(PROBE_BYTES, 1);
  const times = Array.from({ length: PROBES }, () => {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(path);
  return median(times);
}

function packageVersion(name: string): string {
  const found = output('dpkg-query', ['--show', name]).split('\t')[1] ?? '';
  return found === '' ? 'unknown version' : found;
}

function output(command: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}
