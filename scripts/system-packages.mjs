// Real servers and tools that the tests drive, from Debian's packages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail } from './setup.mjs';

/** Command that must be there → packages that bring it. */
const NEEDED = {
  gcc: ['gcc', 'libc6-dev'],
  nginx: ['nginx'],
  openssl: ['openssl'],
};

/** Installs what is missing where that is allowed; otherwise says what is missing and ends. Never goes on without. */
export function requireSystemPackages() {
  const missing = Object.keys(NEEDED).filter((command) => !isInstalled(command));
  if (missing.length === 0) return;
  const packages = missing.flatMap((command) => NEEDED[command]);
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (!isInstalled('apt-get') || (prefix.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0)) {
    fail(`the tests need ${missing.join(', ')}. Install them first, on Debian with: sudo ${install}`);
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
