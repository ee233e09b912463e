import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { GatewayError } from '../kernel/errors.ts';

/** Owner and group may connect: the sidecar shares the group. */
const FORBIDDEN_BITS = 0o117;

/**
 * Removes a socket file that a process which is gone left behind.
 * @throws GatewayError `http-socket-path-occupied` if a file of another kind is there, `http-socket-in-use` if
 * something still listens on it.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined) return;
  if (!entry.isSocket()) {
    throw new GatewayError(
      'http-socket-path-occupied',
      'park',
      'http.listen.socket names a file that is not a socket',
    );
  }
  if (await isListening(path)) {
    throw new GatewayError('http-socket-in-use', 'park', 'another process listens on http.listen.socket');
  }
  await unlink(path);
}

/** Runs `bind` so that a socket file it makes has mode 0660 from its first moment. */
export function withSocketMode(bind: () => void): void {
  const previous = process.umask(FORBIDDEN_BITS);
  try {
    bind();
  } finally {
    process.umask(previous);
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
