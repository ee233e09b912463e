import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../measure/child-process.ts';
import { startNginxCore } from './nginx.ts';

const PROGRAM = fileURLToPath(new URL('./core.ts', import.meta.url));

export type CoreKind = 'node' | 'nginx';

/** Starts a local core platform on the port that a gateway already knows. */
export async function startCore(kind: CoreKind, folder: string, port: number): Promise<Child> {
  if (kind === 'nginx') return startNginxCore(folder, port);
  const child = new Child({
    name: 'core platform',
    program: process.execPath,
    args: [PROGRAM, String(port)],
    logFile: join(folder, 'core.log'),
  });
  await child.listening(port);
  return child;
}
