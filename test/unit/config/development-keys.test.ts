import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ensureDevelopmentKeys } from '../../../src/config/development-keys.ts';
import { type Workspace, workspace, yaml } from './fixture.ts';

const FILES = {
  http: '{ sidecarSecret: { file: var/sidecar.secret } }',
  keys: '{ master: { file: var/keys/master.key }, previousMasters: [{ file: keys/master.key }], auditSigning: { file: var/keys/audit.pem } }',
  core: '{ url: "https://core.example", signingSecret: { file: var/secrets/core } }',
  tokens: '[{ issuer: i, audience: a, algorithms: [HS512], secret: { file: var/secrets/token } }]',
  signature: 'scheme: github',
  secrets: '[{ id: k1, file: var/secrets/ehr }, { id: k2, file: keys/ehr.secret }]',
};

const MADE = [
  'var/keys/master.key',
  'var/keys/audit.pem',
  'var/secrets/core',
  'var/sidecar.secret',
  'var/secrets/token',
  'var/secrets/ehr',
];

test('missing keys are made in their form, mode 0600 in folders of mode 0700, and the file then loads', async (t) => {
  const space = await workspace(t);
  assert.deepEqual(await make(space, yaml(FILES)), MADE);
  for (const file of MADE) assert.equal(await modeOf(space, file), 0o600, file);
  for (const folder of ['var', 'var/keys', 'var/secrets'])
    assert.equal(await modeOf(space, folder), 0o700, folder);
  assert.match(await read(space, 'var/keys/master.key'), /^[A-Za-z0-9+/]{43}=\n$/);
  assert.match(await read(space, 'var/secrets/core'), /^whsec_[A-Za-z0-9+/]{43}=\n$/);
  assert.match(await read(space, 'var/secrets/ehr'), /^[0-9a-f]{64}\n$/);
  assert.equal(createPrivateKey(await read(space, 'var/keys/audit.pem')).asymmetricKeyType, 'ed25519');
  assert.deepEqual(await space.problems(yaml(FILES)), []);
});

test('made keys are strong enough for production', async (t) => {
  const space = await workspace(t);
  await make(space, yaml(FILES));
  assert.deepEqual(await space.problems(yaml({ ...FILES, profile: 'production' })), []);
});

test('what exists is left alone', async (t) => {
  const space = await workspace(t);
  await make(space, yaml(FILES));
  const before = await Promise.all(MADE.map((file) => read(space, file)));
  await rm(space.path('var/secrets/ehr'));
  assert.deepEqual(await make(space, yaml(FILES)), ['var/secrets/ehr']);
  const after = await Promise.all(MADE.map((file) => read(space, file)));
  assert.deepEqual(after.slice(0, -1), before.slice(0, -1));
  assert.notEqual(after.at(-1), before.at(-1));
  await space.write('var/secrets/ehr', '');
  assert.deepEqual(await make(space, yaml(FILES)), [], 'not even an empty file is replaced');
});

test('nothing is made in production, for an older master key, or for a file that is not sound', async (t) => {
  const space = await workspace(t);
  assert.deepEqual(await make(space, yaml({ ...FILES, profile: 'production' })), []);
  const keys =
    '{ master: { file: keys/master.key }, previousMasters: [{ file: var/old }], auditSigning: { file: keys/audit.pem } }';
  assert.deepEqual(await make(space, yaml({ keys })), []);
  assert.deepEqual(await make(space, yaml({ ...FILES, profile: 'prod' })), []);
  assert.deepEqual(await make(space, 'a: [\n'), []);
  await assert.rejects(stat(space.path('var')));
});

test('a form named by the file is kept to', async (t) => {
  const space = await workspace(t);
  const secrets = '[{ id: a, file: var/a, encoding: hex }, { id: b, file: var/b, encoding: base64 }]';
  await make(space, yaml({ secrets }));
  assert.match(await read(space, 'var/a'), /^[0-9a-f]{64}\n$/);
  assert.match(await read(space, 'var/b'), /^[A-Za-z0-9+/]{43}=\n$/);
  assert.deepEqual(await space.problems(yaml({ secrets })), []);
});

test('several processes at once agree on one set of keys', async (t) => {
  const space = await workspace(t);
  await space.write('portcullis.yaml', yaml(FILES));
  const script = `
    import { readFile } from 'node:fs/promises';
    import { ensureDevelopmentKeys } from ${JSON.stringify(new URL('../../../src/config/development-keys.ts', import.meta.url).href)};
    const environment = { variables: {}, execArgv: [], nodeVersion: '24.21.0', workingDirectory: process.cwd() };
    await ensureDevelopmentKeys('portcullis.yaml', environment);
    const texts = await Promise.all(${JSON.stringify(MADE)}.map((file) => readFile(file, 'utf8')));
    process.stdout.write(texts.join(''));`;
  const run = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: space.folder });
  const outputs = await Promise.all([run(), run(), run(), run()]);
  assert.equal(new Set(outputs.map(({ stdout }) => stdout)).size, 1);
  assert.notEqual(outputs[0]?.stdout, '');
  assert.deepEqual((await readdir(space.path('var/secrets'))).toSorted(), ['core', 'ehr', 'token']);
});

test('calls at once within one process make each file once', async (t) => {
  const space = await workspace(t);
  await space.write('portcullis.yaml', yaml(FILES));
  const calls = Array.from({ length: 8 }, () => ensureDevelopmentKeys('portcullis.yaml', space.environment));
  const made = (await Promise.all(calls)).flat();
  assert.deepEqual(made.toSorted(), MADE.toSorted());
});

async function make(space: Workspace, text: string): Promise<readonly string[]> {
  await space.write('portcullis.yaml', text);
  return ensureDevelopmentKeys('portcullis.yaml', space.environment);
}

async function modeOf(space: Workspace, name: string): Promise<number> {
  return (await stat(space.path(name))).mode & 0o777;
}

function read(space: Workspace, name: string): Promise<string> {
  return readFile(space.path(name), 'utf8');
}
