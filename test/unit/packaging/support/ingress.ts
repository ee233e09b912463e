import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  REPOSITORY,
  type RunningProgram,
  runProgram,
  startProgram,
  temporaryFolder,
  untilReady,
} from './program.ts';

export const NAME = 'hooks.gw.example';

export interface Ingress {
  readonly folder: string;
  readonly port: number;
  readonly ca: string;
  readonly nginx: RunningProgram;
  /** Where the gateway, or what stands in for it, is to listen. */
  readonly socket: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly tlsVersion: string | null;
  readonly body: string;
}

export interface Sending {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: https.RequestOptions['headers'];
  readonly body?: Buffer;
  readonly tls?: { readonly servername?: string; readonly maxVersion?: 'TLSv1.2' };
}

/** The nginx folder of the repository with the three files of site/ exchanged, and certificates made for it. */
export async function prepareIngress(): Promise<Omit<Ingress, 'nginx'>> {
  const folder = temporaryFolder();
  const made = runProgram(join(REPOSITORY, 'certs/make-dev-certs'), [join(folder, 'certs')]);
  if (made.status !== 0) throw new Error(made.stderr);
  cpSync(join(REPOSITORY, 'nginx'), join(folder, 'nginx'), { recursive: true });
  mkdirSync(join(folder, 'run'));
  const port = await freePort();
  const socket = join(folder, 'gateway.sock');
  const site = {
    listen: `listen 127.0.0.1:${port} ssl;`,
    identity: `server_name ${NAME}; ssl_certificate ../certs/server.pem; ssl_certificate_key ../certs/server.key;`,
    upstream: `server unix:${socket};`,
  };
  for (const [name, text] of Object.entries(site))
    writeFileSync(join(folder, 'nginx/site', `${name}.conf`), text);
  return { folder, port, socket, ca: readFileSync(join(folder, 'certs/ca.pem'), 'utf8') };
}

/** A real nginx with the repository's configuration. */
export async function startIngress(test: TestContext): Promise<Ingress> {
  const prepared = await prepareIngress();
  const { folder, port } = prepared;
  const nginx = startProgram(test, nginxCommand(folder, 'daemon off;'), {
    cwd: folder,
    log: join(folder, 'nginx.log'),
  });
  await untilReady(nginx, () => listens(port));
  return { ...prepared, nginx };
}

/** As root, nginx would give up its rights to a user that may not enter the folder of the test. */
export function nginxCommand(folder: string, directives: string): readonly string[] {
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  const files = ['-p', `${join(folder, 'run')}/`, '-c', join(folder, 'nginx/nginx.conf'), '-e', 'stderr'];
  return [nginxProgram(), ...files, '-g', `${user}${directives}`];
}

function nginxProgram(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = folders
    .map((folder) => join(folder, 'nginx'))
    .find((path) => runProgram(path, ['-v']).status === 0);
  if (found === undefined) throw new Error('nginx is not installed: scripts/system-packages.mjs brings it');
  return found;
}

/** Sends one request through nginx. @throws Error when there is no answer, such as for a refused handshake. */
export function send({ port, ca }: Pick<Ingress, 'port' | 'ca'>, sending: Sending = {}): Promise<Answer> {
  const { method = 'GET', path = '/webhooks/mercy/ehr', headers, body, tls } = sending;
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        ca,
        servername: NAME,
        method,
        path,
        headers: { host: NAME, ...headers },
        agent: false,
        ...tls,
        timeout: 20_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        const tlsVersion =
          'getProtocol' in response.socket ? (response.socket as TlsLike).getProtocol() : null;
        response.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, tlsVersion, body: text });
        });
      },
    );
    request.on('error', reject).on('timeout', () => request.destroy(new Error('no answer in time')));
    request.end(body);
  });
}

interface TlsLike {
  getProtocol(): string | null;
}

/** Stands in for the gateway: answers with the headers it got, as JSON, names and values in turn. */
export async function startEcho(test: TestContext, socket: string): Promise<void> {
  const server = createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.end(JSON.stringify({ url: request.url, raw: request.rawHeaders })));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createTcpServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
