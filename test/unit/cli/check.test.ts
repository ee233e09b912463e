import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ConfigProblem } from '../../../src/config/problem.ts';
import { type ConfigurationOptions, configureFolder } from '../../support/configured-folder.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

async function fixture(t: TestContext, options: ConfigurationOptions = {}) {
  const configured = await configureFolder(await scratchFolder(t), options);
  const terminal = new FakeTerminal(configured.environment);
  return {
    ...configured,
    check: (...more: string[]) => terminal.run('check', '--config', configured.file, ...more),
  };
}

async function listeningPort(t: TestContext): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function codes(out: string): string[] {
  return (JSON.parse(out) as { problems: ConfigProblem[] }).problems.map(({ code }) => code);
}

test('all problems are listed at once, each with place and remedy, and the exit status is 1', async (t) => {
  const { check, file } = await fixture(t);
  await writeFile(
    file,
    JSON.stringify({
      profile: 'production',
      http: { listen: { host: '127.0.0.1', port: 99_999 } },
      keys: { master: { value: 'short' }, auditSigning: { file: 'not-there.pem' } },
      core: { url: 'ftp://core', signingSecret: { env: 'NOT_SET' }, nonsense: 1 },
    }),
  );
  const { exit, out } = await check();
  assert.equal(exit, 1);
  for (const path of ['http.listen.port', 'core.nonsense'])
    assert.ok(out.includes(path), `${path} in ${out}`);
  assert.match(out, /remedy {2}\S/);
  assert.match(out, /: \d+ problems$/);
  const json = await check('--json');
  assert.equal(json.exit, 1);
  const report = JSON.parse(json.out) as { ok: boolean; problems: ConfigProblem[] };
  assert.equal(report.ok, false);
  assert.ok(report.problems.length >= 2);
  assert.ok(report.problems.every(({ message, remedy }) => message !== '' && remedy !== ''));
});

test('what the schema allows is judged further: keys, windows, reachability of secrets', async (t) => {
  const { check, file, folder } = await fixture(t);
  await writeFile(join(folder, 'short.key'), 'c2hvcnQ=', { mode: 0o600 });
  await writeFile(
    file,
    JSON.stringify({
      profile: 'production',
      keys: { master: { file: 'short.key' }, auditSigning: { file: 'not-there.pem' } },
      core: { url: 'http://core.example/events', signingSecret: { env: 'NOT_SET' } },
    }),
  );
  const { exit, out } = await check('--json');
  assert.equal(exit, 1);
  for (const path of ['keys.master', 'keys.auditSigning', 'core.signingSecret']) {
    assert.ok(out.includes(`"${path}"`), `${path} in ${out}`);
  }
});

test('a core platform that does not answer is a warning, and with --strict a problem', async (t) => {
  const { check } = await fixture(t);
  const { exit, out } = await check('--json');
  assert.equal(exit, 0);
  assert.ok(codes(out).includes('core-unreachable'));
  assert.equal((await check('--strict')).exit, 1);
  assert.match((await check()).out, /: ok, with warnings$/);
});

test('a core platform that answers is none', async (t) => {
  const { check } = await fixture(t, { coreUrl: `http://127.0.0.1:${await listeningPort(t)}/events` });
  const { exit, out } = await check('--json');
  assert.equal(exit, 0);
  assert.ok(!codes(out).includes('core-unreachable'));
});

test('a master key that does not open the journal is found, and nothing is changed', async (t) => {
  const { stop, terminal, file, folder } = await startGateway(t);
  assert.ok(
    !codes((await terminal.run('check', '--config', file, '--json')).out).includes('key-canary-mismatch'),
  );
  await stop();
  await writeFile(join(folder, 'keys', 'master.key'), randomBytes(32).toString('base64'));
  const { exit, out } = await terminal.run('check', '--config', file, '--json');
  assert.equal(exit, 1);
  assert.ok(codes(out).includes('key-canary-mismatch'));
});

test('a journal that is no database is found', async (t) => {
  const { stop, terminal, file, journalPath } = await startGateway(t);
  await stop();
  await writeFile(journalPath, 'not a database at all, not a database at all');
  const { exit, out } = await terminal.run('check', '--config', file, '--json');
  assert.equal(exit, 1);
  assert.ok(codes(out).includes('journal-unreadable'));
});
