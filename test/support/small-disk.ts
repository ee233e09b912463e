import { copyFile, open, rm, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { GatewayProcess } from './gateway-process.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'ballast ');
const ROOT_USER = 0;

/**
 * A tmpfs of a few megabytes in a mount namespace of its own: only the process that is started there, and what enters its
 * namespace, sees it. It is gone when that process ends.
 */
export class SmallDisk {
  readonly folder: string;
  readonly #megabytes: number;

  /** @param folder an empty one, where the file system is mounted. */
  constructor(folder: string, megabytes: number) {
    this.folder = folder;
    this.#megabytes = megabytes;
  }

  /** Words before a command that runs it on this disk, under the same pid. Without root, in a user namespace. */
  get prefix(): string[] {
    const script = `mount -t tmpfs -o size=${this.#megabytes}m,mode=0700 none "$0" && exec "$@"`;
    const namespaces = process.getuid?.() === ROOT_USER ? '-m' : '-rm';
    return ['unshare', namespaces, 'bash', '-c', script, this.folder];
  }

  /** Words before a command that lets it see the disk of a process. */
  static entering(gateway: GatewayProcess): string[] {
    const namespaces = process.getuid?.() === ROOT_USER ? ['-m'] : ['-U', '-m', '--preserve-credentials'];
    return ['nsenter', '-t', String(gateway.pid), ...namespaces];
  }

  /** Fills it up until so many bytes are free. */
  async fill(gateway: GatewayProcess, leaveBytes: number): Promise<void> {
    const ballast = await open(this.#outside(gateway, 'ballast'), 'a');
    try {
      for (let excess = await this.#excess(gateway, leaveBytes); excess > 0; ) {
        await ballast.write(CHUNK, 0, Math.min(CHUNK.length, excess));
        excess = await this.#excess(gateway, leaveBytes);
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      await ballast.close();
    }
  }

  /** Gives the space of the ballast back. */
  clear(gateway: GatewayProcess): Promise<void> {
    return rm(this.#outside(gateway, 'ballast'));
  }

  /** Copies a database that nobody is writing to, with its log, to where it can be read. */
  async copyDatabase(gateway: GatewayProcess, name: string, target: string): Promise<void> {
    await rm(`${target}-shm`, { force: true });
    for (const suffix of ['', '-wal']) {
      await copyFile(this.#outside(gateway, basename(name) + suffix), target + suffix);
    }
  }

  async #excess(gateway: GatewayProcess, leaveBytes: number): Promise<number> {
    const { bavail, bsize } = await statfs(this.#outside(gateway, '.'));
    return bavail * bsize - leaveBytes;
  }

  #outside(gateway: GatewayProcess, name: string): string {
    return join(`/proc/${gateway.pid}/root`, this.folder, name);
  }
}
