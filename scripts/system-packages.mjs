// Real servers and tools that the tests and the benchmark drive, from Debian's packages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { fail } from './setup.mjs';

/** Command, or file, that must be there → packages that bring it. */
const PACKAGES = {
  gcc: ['gcc', 'libc6-dev'],
  nginx: ['nginx'],
  openssl: ['openssl'],
  webhook: ['webhook'],
  wrk: ['wrk'],
  '/usr/lib/nginx/modules/ngx_http_lua_module.so': ['libnginx-mod-http-lua'],
};

export const TESTS_NEED = ['gcc', 'nginx', 'openssl'];
export const BENCH_NEEDS = ['nginx', 'webhook', 'wrk', '/usr/lib/nginx/modules/ngx_http_lua_module.so'];

/**
 * Installs what is missing where that is allowed; otherwise says what is missing and ends. Never goes on without.
 * @param {readonly string[]} commands keys of PACKAGES.
 */
export function requireSystemPackages(commands = TESTS_NEED) {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length === 0) return;
  const packages = missing.flatMap((command) => PACKAGES[command]);
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (!isInstalled('apt-get') || (prefix.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0)) {
    fail(`needed, but not installed: ${missing.join(', ')}. On Debian: sudo ${install}`);
  }
  process.stderr.write(`setup: installing ${packages.join(' ')}\n`);
  apt([...prefix, 'apt-get', 'update', '-q']);
  apt([...prefix, ...install.split(' ')]);
  const still = missing.filter((command) => !isInstalled(command));
  if (still.length > 0)
    fail(`still missing after the installation: ${still.join(', ')}. Install them by hand: ${install}`);
}

function apt([command, ...args]) {
  // policy-rc.d is not ours to change; a service that the package starts is stopped by nobody here.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  spawnSync(command, args, { stdio: ['ignore', process.stderr, process.stderr], env });
}

function isInstalled(command) {
  if (isAbsolute(command)) return existsSync(command);
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
