import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../sandbox/demo/gateway-process.ts';
import { Child } from '../measure/child-process.ts';
import type { Peer } from './peer.ts';

const PROGRAM = fileURLToPath(new URL('./bare-express.ts', import.meta.url));
const PATH = '/webhooks/mercy/ehr';

/** Bare Express, with the HMAC key in either form that node:crypto takes. */
export function expressPeer(secret: string, keyForm: 'key-object' | 'string'): Peer {
  return {
    id: `express-${keyForm}`,
    title: `bare Express 5, HMAC only, key as ${keyForm === 'string' ? 'string' : 'KeyObject'}`,
    async start(folder) {
      const port = await freePort();
      const child = new Child({
        name: 'bare Express',
        program: process.execPath,
        args: [PROGRAM, String(port), secret, keyForm],
        logFile: join(folder, 'express.log'),
      });
      await child.listening(port);
      return { pid: child.pid, target: { host: '127.0.0.1', port, path: PATH }, stop: () => child.stop() };
    },
  };
}
