import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG, startDevelopmentGateway } from './support/development-gateway.ts';
import {
  type Ingress,
  NAME,
  nginxCommand,
  prepareIngress,
  send,
  startEcho,
  startIngress,
} from './support/ingress.ts';
import { REPOSITORY, runProgram, startProgram } from './support/program.ts';

test('nginx finds nothing to complain about in its configuration', async (t) => {
  const { folder } = await prepareIngress();
  const log = join(folder, 'nginx.log');
  const nginx = startProgram(t, [...nginxCommand(folder, ''), '-t'], { cwd: folder, log });
  assert.equal(await nginx.ended, 0, nginx.output());
  assert.doesNotMatch(nginx.output(), /\[(?:warn|error|emerg|alert|crit)\]/);
});

test('a signed webhook travels over TLS 1.3 through nginx to the gateway, and its repeat is told', async (t) => {
  const ingress = await startIngress(t);
  await startDevelopmentGateway(t, ingress);
  const signed = sign(ingress);
  const first = await send(ingress, signed);
  assert.equal(first.status, 200, first.body);
  assert.equal(first.tlsVersion, 'TLSv1.3');
  assert.equal(JSON.parse(first.body).resourceType, 'Bundle');
  const second = await send(ingress, signed);
  assert.equal(second.headers['portcullis-duplicate'], 'true');
  assert.equal(second.headers['portcullis-event-id'], first.headers['portcullis-event-id']);
  const forged = await send(ingress, { ...signed, body: Buffer.from('{}') });
  assert.equal(forged.status, 401);
});

test('a client without TLS 1.3 is refused', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  await assert.rejects(
    send(ingress, { tls: { maxVersion: 'TLSv1.2' } }),
    /protocol version|EPROTO|ECONNRESET/,
  );
  assert.equal((await send(ingress)).status, 200);
});

test('a client that asks for no name of ours gets no handshake', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  for (const servername of ['other.example', 'localhost', '']) {
    await assert.rejects(send(ingress, { tls: { servername } }), /unrecognized name/i, servername);
  }
});

test('a request for another host than the one of the handshake is misdirected', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  assert.equal((await send(ingress, { headers: { host: 'other.example' } })).status, 421);
  assert.equal((await send(ingress, { headers: { host: `${NAME}:8443` } })).status, 200);
});

/** What clients claim to be with, in every spelling that some server somewhere takes for the same. */
const CLAIMED = [
  'X-SSL-Client-Verify',
  'X-SSL-Client-Cert',
  'X-SSL-Client-Cert-Chain',
  'X-SSL-Client-DN',
  'X-SSL-Client-S-DN',
  'X-SSL-Client-I-DN',
  'X-SSL-Client-SAN',
  'X-SSL-Client-Serial',
  'X-SSL-Client-Fingerprint',
  'X-SSL-Session-Reused',
  'X-Client-Cert',
  'X-Forwarded-Client-Cert',
  'Client-Cert',
  'Client-Cert-Chain',
  'X-GW-Sidecar',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Uri',
  'X-Forwarded-User',
  'Forwarded',
  'X-Real-IP',
  'True-Client-IP',
  'X-Original-URL',
  'X-Rewrite-URL',
];

test('what a client claims about its identity does not reach the gateway in any spelling', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  const spellings = CLAIMED.flatMap((name) => [
    name,
    name.toLowerCase(),
    name.replaceAll('-', '_'),
    name.replace(/-([^-]*)$/, '_$1'),
  ]);
  for (const spelling of spellings) {
    const answer = await send(ingress, { headers: { [spelling]: 'spoofed' } });
    assert.equal(answer.status, 200);
    assert.doesNotMatch(answer.body, /spoofed/, spelling);
  }
  const twice = await send(ingress, { headers: { 'X-SSL-Client-Verify': ['spoofed', 'spoofed'] } });
  assert.doesNotMatch(twice.body, /spoofed/);
});

test('nginx itself says where a request came from, and leaves what senders sign alone', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  const own = {
    'webhook-signature': 'v1,abc=',
    'x-hub-signature-256': 'sha256=00',
    traceparent: '00-1-2-00',
  };
  const path = '/webhooks/mercy/ehr/Patient/a%2Fb//c?x=%20y';
  const { body } = await send(ingress, { path, headers: { ...own, 'x-request-id': 'mine' } });
  const { url, raw } = JSON.parse(body) as { url: string; raw: readonly string[] };
  const received = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) received.set(raw[at]?.toLowerCase() ?? '', raw[at + 1] ?? '');
  assert.equal(url, path);
  assert.equal(received.get('host'), NAME);
  assert.equal(received.get('x-forwarded-for'), '127.0.0.1');
  assert.equal(received.get('x-forwarded-proto'), 'https');
  for (const [name, value] of Object.entries({ ...own, 'x-request-id': 'mine' }))
    assert.equal(received.get(name), value);
});

test('only webhooks and liveness are reachable from outside', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  assert.equal((await send(ingress, { path: '/health/live' })).status, 200);
  for (const path of [
    '/metrics',
    '/health/ready',
    '/',
    '/webhooks/../metrics',
    '/webhooks/..%2Fmetrics',
    '//metrics',
  ]) {
    assert.equal((await send(ingress, { path })).status, 404, path);
  }
});

test('a body over the limit is refused before it is sent on, and a missing gateway is a reason to try again', async (t) => {
  const ingress = await startIngress(t);
  const missing = await send(ingress, { method: 'POST', body: Buffer.from('{}') });
  assert.equal(missing.status, 503);
  assert.equal(missing.headers['retry-after'], '5');
  assert.equal(JSON.parse(missing.body).issue[0].code, 'transient');
  const large = await send(ingress, { method: 'POST', headers: { 'content-length': '2000000' } });
  assert.equal(large.status, 413);
  assert.equal(JSON.parse(large.body).resourceType, 'OperationOutcome');
});

test('neither paths nor queries nor bodies are written anywhere by nginx', async (t) => {
  const ingress = await startIngress(t);
  await startEcho(t, ingress.socket);
  const body = Buffer.alloc(300_000, 'phi-in-the-body ');
  await send(ingress, {
    method: 'POST',
    path: '/webhooks/mercy/ehr/Patient/phi-in-the-path?q=phi-in-the-query',
    body,
  });
  await ingress.nginx.stop('SIGQUIT');
  const log = readFileSync(join(ingress.folder, 'nginx.log'), 'utf8');
  assert.match(log, /"method":"POST","status":200/);
  assert.doesNotMatch(log, /phi-in/);
  for (const file of filesBelow(join(ingress.folder, 'run'))) assert.equal(statSync(file).size, 0, file);
});

test('every header for the gateway is set in one file', () => {
  const files = filesBelow(join(REPOSITORY, 'nginx')).filter((file) => file.endsWith('.conf'));
  const setting = files.filter((file) => /^\s*proxy_set_header/m.test(readFileSync(file, 'utf8')));
  assert.deepEqual(setting, [join(REPOSITORY, 'nginx/snippets/gateway-headers.conf')]);
});

test('development certificates are made once and their keys are for their owner only', async () => {
  const { folder } = await prepareIngress();
  const certificates = join(folder, 'certs');
  const before = filesBelow(certificates).map((file) => readFileSync(file, 'utf8'));
  const again = runProgram(join(REPOSITORY, 'certs/make-dev-certs'), [certificates]);
  assert.equal(again.status, 0, again.stderr);
  assert.doesNotMatch(again.stdout, /made/);
  assert.deepEqual(
    filesBelow(certificates).map((file) => readFileSync(file, 'utf8')),
    before,
  );
  for (const file of filesBelow(certificates)) assert.equal(statSync(file).mode & 0o077, 0, file);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** What `portcullis sign` makes for the source of the default configuration. */
function sign({ folder }: Ingress): {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
} {
  const source = ['--config', CONFIG, '--org', 'mercy', '--source', 'ehr'];
  const args = [join(REPOSITORY, 'src/main.ts'), 'sign', ...source, '--url', `https://${NAME}`, '--json'];
  const { status, stdout, stderr } = runProgram(process.execPath, args, { cwd: folder });
  assert.equal(status, 0, stderr);
  const { method, url, headers, body } = JSON.parse(stdout);
  return { method, path: new URL(url).pathname, headers, body: Buffer.from(body, 'base64') };
}
