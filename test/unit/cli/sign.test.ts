import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { parseEventId } from '../../../src/kernel/ids.ts';
import { type ConfigurationOptions, configureFolder, EHR_SECRET } from '../../support/configured-folder.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

const SIGN = ['sign', '--org', 'mercy', '--source', 'ehr'];

async function fixture(t: TestContext, options: ConfigurationOptions = {}) {
  const configured = await configureFolder(await scratchFolder(t), options);
  const terminal = new FakeTerminal(configured.environment);
  const sign = (...more: string[]) => terminal.run(...SIGN, '--config', configured.file, ...more);
  return { ...configured, terminal, sign };
}

interface CurlCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The arguments that a POSIX shell passes to curl, as curl reads them. */
async function asCurl(command: string, folder: string): Promise<CurlCall> {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  const words = execFileSync('sh', ['-c', script], { cwd: folder })
    .toString('latin1')
    .split('\0')
    .slice(0, -1);
  const call = { method: '', url: '', headers: {} as Record<string, string>, data: '' };
  while (words.length > 0) {
    const word = words.shift() ?? '';
    if (word === '-X') call.method = words.shift() ?? '';
    else if (word === '--data-binary') call.data = words.shift() ?? '';
    else if (word === '-H') {
      const [name = '', ...value] = (words.shift() ?? '').split(': ');
      call.headers[name] = value.join(': ');
    } else if (word !== '-i') call.url = word;
  }
  const { data, ...rest } = call;
  return {
    ...rest,
    body: data.startsWith('@') ? await readFile(data.slice(1)) : Buffer.from(data, 'latin1'),
  };
}

/** Judged by the official library, not by ours. */
function assertSigned({ headers, body }: Pick<CurlCall, 'headers' | 'body'>): void {
  new Webhook(EHR_SECRET).verify(body.toString('utf8'), headers);
}

test('it prints a curl command that a shell reads as one signed request', async (t) => {
  const { sign, folder } = await fixture(t, { listen: { host: '127.0.0.1', port: 8081 } });
  const { exit, out } = await sign();
  assert.equal(exit, 0);
  const call = await asCurl(out, folder);
  assert.deepEqual([call.method, call.url], ['POST', 'http://127.0.0.1:8081/webhooks/mercy/ehr']);
  assert.equal(call.headers['content-type'], 'application/fhir+json');
  assertSigned(call);
  assert.throws(() => assertSigned({ ...call, body: Buffer.from('{}') }));
});

test('a body of quotes, dollars, line ends and text that is not ASCII survives the shell', async (t) => {
  const { sign, folder } = await fixture(t);
  const body = Buffer.from(`{"it's":"$HOME \`id\` \\\\ \\"é\\" 😀"}\r\n\n`);
  await writeFile(join(folder, "it's a body.json"), body);
  const { exit, out } = await sign('--body', "it's a body.json");
  assert.equal(exit, 0);
  const call = await asCurl(out, folder);
  assert.ok(call.body.equals(body));
  assertSigned(call);
});

test('a body file is signed to the byte, whatever the bytes', async (t) => {
  const { sign, folder } = await fixture(t);
  const body = randomBytes(2_000);
  await writeFile(join(folder, 'body.bin'), body);
  const { out } = await sign('--body', 'body.bin', '--json', '--id', 'msg_7');
  const signed = JSON.parse(out) as { headers: Record<string, string>; body: string };
  assert.ok(Buffer.from(signed.body, 'base64').equals(body));
  assert.equal(signed.headers['webhook-id'], 'msg_7');
  const call = await asCurl((await sign('--body', 'body.bin')).out, folder);
  assert.ok(call.body.equals(body));
});

test('--url names a base or a whole URL, --method and --content-type are taken', async (t) => {
  const { sign, folder } = await fixture(t);
  const url = async (...more: string[]) => (await asCurl((await sign(...more)).out, folder)).url;
  assert.equal(await url('--url', 'https://gw.example'), 'https://gw.example/webhooks/mercy/ehr');
  const whole = 'https://gw.example/base/hook?x=1';
  assert.equal(await url('--url', whole), whole);
  const { out } = await sign('--method', 'put', '--content-type', 'application/json');
  const call = await asCurl(out, folder);
  assert.deepEqual([call.method, call.headers['content-type']], ['PUT', 'application/json']);
});

test('the gateway’s own address may be an IPv6 one', async (t) => {
  const { sign, folder } = await fixture(t, { listen: { host: '::1', port: 8081 } });
  const { out, errors } = await sign();
  assert.equal(errors.replace(/^made a development key.*$/gm, '').trim(), '');
  assert.equal((await asCurl(out, folder)).url, 'http://[::1]:8081/webhooks/mercy/ehr');
});

test('a body from standard input is signed to the byte, or not printed where a shell would change it', async (t) => {
  const { file, folder } = await fixture(t);
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const piped = (input: Buffer, ...more: string[]) =>
    spawnSync(process.execPath, [main, ...SIGN, '--config', file, '--body', '-', ...more], {
      cwd: folder,
      input,
    });
  const text = Buffer.from(`{"it's":"é"}`);
  const printed = piped(text);
  assert.equal(printed.status, 0, printed.stderr.toString());
  const call = await asCurl(printed.stdout.toString(), folder);
  assert.ok(call.body.equals(text));
  assertSigned(call);
  for (const body of [Buffer.from([0xff, 0xfe]), Buffer.from('a\0b'), Buffer.from('@/etc/hostname')]) {
    const refused = piped(body);
    assert.equal(refused.status, 64);
    assert.match(refused.stderr.toString(), /--send or --json/);
    const { body: base64 } = JSON.parse(piped(body, '--json').stdout.toString()) as { body: string };
    assert.ok(Buffer.from(base64, 'base64').equals(body));
  }
});

test('behind a unix socket it asks where to send', async (t) => {
  const { sign } = await fixture(t, { listen: { socket: 'gw.sock' } });
  const { exit, errors } = await sign();
  assert.equal(exit, 64);
  assert.match(errors, /--url/);
});

test('every profile’s sample is taken as valid by a running gateway', async (t) => {
  const profiles = ['rest-hook-r4', 'backport-r4', 'backport-r4b', 'backport-r5'];
  const running = await startGateway(t, {
    sources: Object.fromEntries(profiles.map((name) => [name, name])),
  });
  const { terminal, file, url } = running;
  const run = (...argv: string[]) => terminal.run(...argv, '--config', file);
  for (const profile of profiles) {
    const { exit, out } = await run(
      'sign',
      '--org',
      'mercy',
      '--source',
      profile,
      '--url',
      url,
      '--send',
      '--json',
    );
    assert.equal(exit, 0, out);
    const { status, headers } = JSON.parse(out) as { status: number; headers: Record<string, string> };
    assert.equal(status, 200);
    const id = parseEventId(headers['portcullis-event-id'] ?? '');
    assert.ok(id !== undefined);
    const shown = JSON.parse((await run('events', 'show', id, '--org', 'mercy', '--json')).out) as object;
    const expected = { id, source: profile, state: 'pending', validation: 'valid', findings: [] };
    assert.deepEqual({ ...shown, ...expected }, shown);
  }
});

test('--send prints the answer: accepted, repeated with the first receipt, refused', async (t) => {
  const { terminal, file, url, folder } = await startGateway(t);
  const send = (...more: string[]) =>
    terminal.run(...SIGN, '--config', file, '--url', url, '--send', ...more);
  await writeFile(join(folder, 'body.json'), (await terminal.run(...SIGN, '--config', file, '--json')).out);
  const first = await send('--body', 'body.json', '--id', 'msg_1');
  assert.equal(first.exit, 0);
  assert.match(first.out, /^HTTP 200\nportcullis-event-id: [0-9a-f-]{36}\nx-request-id: /);
  const repeat = await send('--body', 'body.json', '--id', 'msg_1');
  assert.equal(repeat.exit, 0);
  assert.match(repeat.out, /\nportcullis-duplicate: true\n/);
  const receipt = /portcullis-event-id: (\S+)/;
  assert.equal(receipt.exec(repeat.out)?.[1], receipt.exec(first.out)?.[1]);
  const conflict = await send('--id', 'msg_1');
  assert.equal(conflict.exit, 1);
  assert.match(conflict.out, /^HTTP 409\n/);
  const unknown = await send('--url', `${url}/webhooks/mercy/other`);
  assert.equal(unknown.exit, 1);
  assert.match(unknown.out, /^HTTP 401\n/);
});

test('--send where nobody listens is a failure', async (t) => {
  const { sign } = await fixture(t);
  const { exit, errors } = await sign('--send', '--url', 'http://127.0.0.1:9');
  assert.equal(exit, 70);
  assert.match(errors, /ECONNREFUSED/);
});
