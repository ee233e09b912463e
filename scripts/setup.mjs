// Brings what running needs, by itself: the pinned dependencies, and Node 24 where the machine's own Node is older.
// Plain JavaScript, because it runs before either is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_VERSION = readFileSync(join(ROOT, '.node-version'), 'utf8').trim();
const NODE_FLOOR = 24;
const TOOLCHAIN = join(ROOT, '.toolchain');
const MARKER = join(ROOT, 'node_modules', '.portcullis-installed');

/**
 * @param {'run' | 'develop'} purpose `run` installs only what the gateway and its sandbox need.
 * @returns {string} path of a Node of at least version 24.
 */
export function prepare(purpose) {
  installDependencies(purpose);
  return findNode();
}

/**
 * What the program is started with. A cache of compiled modules makes the second start quicker, and spares every thread the
 * memory of the compiler that strips types; two arenas are enough for glibc, which would keep freed buffers in many.
 */
export function programEnvironment() {
  return { NODE_COMPILE_CACHE: join(TOOLCHAIN, 'compile-cache'), MALLOC_ARENA_MAX: '2', ...process.env };
}

function installDependencies(purpose) {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(MARKER) ? readFileSync(MARKER, 'utf8').trim() : '';
  if (installed === `${lock} develop` || installed === `${lock} ${purpose}`) return;
  const scope = purpose === 'run' ? ['--omit=dev'] : ['--include=dev'];
  note(purpose === 'run' ? 'installing dependencies' : 'installing dependencies and development tools');
  npm(['ci', ...scope, '--ignore-scripts', '--no-audit', '--no-fund'], ROOT);
  writeFileSync(MARKER, `${lock} ${purpose}\n`);
}

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_FLOOR) return process.execPath;
  const folder = join(TOOLCHAIN, `node-${NODE_VERSION}`);
  const found = nodeIn(folder);
  if (found !== undefined) return found;
  note(`this machine has Node ${process.versions.node}; bringing Node ${NODE_VERSION} into .toolchain`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--no-package-lock'];
  const direct = npm(
    ['install', ...flags, '--ignore-scripts', `${platformPackage()}@${NODE_VERSION}`],
    folder,
    true,
  );
  // The package `node` chooses the platform's package in an install script; the direct way needs none.
  if (!direct) npm(['install', ...flags, `node@${NODE_VERSION}`], folder);
  const node = nodeIn(folder);
  if (node === undefined)
    fail(`Node ${NODE_VERSION} could not be installed; install Node ${NODE_FLOOR} or later yourself`);
  return node;
}

function platformPackage() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${platform}-${process.arch}`;
}

function nodeIn(folder) {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  return [platformPackage(), 'node']
    .map((entry) => join(folder, 'node_modules', entry, 'bin', name))
    .find((path) => existsSync(path) && spawnSync(path, ['--version']).status === 0);
}

function npm(args, cwd, tolerant = false) {
  const output = tolerant ? 'ignore' : ['ignore', process.stderr, process.stderr];
  const { status } = spawnSync('npm', args, { cwd, stdio: output, shell: process.platform === 'win32' });
  if (status !== 0 && !tolerant) fail(`npm ${args[0]} failed; what it said stands above`);
  return status === 0;
}

function note(text) {
  process.stderr.write(`setup: ${text}\n`);
}

export function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}
