import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { REPOSITORY, type RunningProgram, startProgram, untilReady } from './program.ts';

export const CONFIG = 'portcullis.yaml';

/** The default configuration's gateway, in a folder and on a socket of the test; nothing takes its deliveries. */
export async function startDevelopmentGateway(
  test: TestContext,
  { folder, socket }: { readonly folder: string; readonly socket: string },
): Promise<RunningProgram> {
  const config = readFileSync(join(REPOSITORY, 'config/portcullis.yaml'), 'utf8')
    .replace('{ host: 127.0.0.1, port: 8080 }', `{ socket: ${socket} }`)
    .replace('127.0.0.1:9010', '127.0.0.1:9');
  writeFileSync(join(folder, CONFIG), config);
  const command = [process.execPath, join(REPOSITORY, 'src/main.ts'), 'serve', '--config', CONFIG];
  const gateway = startProgram(test, command, { cwd: folder, log: join(folder, 'gateway.log') });
  await untilReady(gateway, async () => existsSync(socket) && (await isReady(socket)));
  return gateway;
}

function isReady(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ socketPath, path: '/health/ready' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.on('error', () => resolve(false)).end();
  });
}
