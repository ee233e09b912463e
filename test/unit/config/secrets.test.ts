import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { signingKeyPem, type Workspace, webhookSecret, workspace, yaml } from './fixture.ts';

const SECRET = 'organizations[0].sources[0].signature.secrets[0]';

test('secrets come from files and variables, and in development from the file itself', async (t) => {
  const space = await workspace(t);
  space.variables.EHR_SECRET = webhookSecret();
  const secrets = `[{ id: a, env: EHR_SECRET }, { id: b, value: ${webhookSecret()} }, { id: c, file: keys/ehr.secret }]`;
  const { config } = await space.snapshot(yaml({ secrets }));
  assert.deepEqual(config.organizations[0]?.sources[0]?.keyIds, ['a', 'b', 'c']);
});

test('one trailing line break is not part of a secret, a second one is', async (t) => {
  const space = await workspace(t);
  const key = randomBytes(32);
  const keys = '{ master: { file: m }, auditSigning: { file: keys/audit.pem } }';
  for (const end of ['', '\n', '\r\n']) {
    await space.write('m', `${key.toString('base64')}${end}`);
    const { secrets } = await space.snapshot(yaml({ keys }));
    assert.deepEqual(secrets.masterKeys, [key]);
  }
  await space.write('m', `${key.toString('base64')}\n\n`);
  assert.deepEqual(await codes(space, yaml({ keys })), ['key-malformed keys.master']);
});

test('relative paths start at the working directory, not at the folder of the file', async (t) => {
  const space = await workspace(t);
  await space.write('elsewhere/portcullis.yaml', yaml());
  const result = await space.loader()('elsewhere/portcullis.yaml');
  assert.ok(result.ok);
  assert.equal(result.snapshot.config.journal.path, space.path('var/journal.db'));
  assert.equal(result.snapshot.file, space.path('elsewhere/portcullis.yaml'));
});

test('secrets that are not there or cannot be read are told by name', async (t) => {
  const space = await workspace(t);
  await space.write('empty', '');
  await space.write('large', Buffer.alloc(70_000, 'a'));
  space.variables.EMPTY = '';
  const cases = [
    ['{ id: k, file: nowhere }', 'secret-missing', /nowhere does not exist/],
    ['{ id: k, file: empty }', 'secret-missing', /empty is empty/],
    ['{ id: k, file: keys }', 'secret-unreadable', /not a file/],
    ['{ id: k, file: large }', 'secret-unreadable', /not a file of at most/],
    ['{ id: k, env: NOT_SET }', 'secret-missing', /NOT_SET is not set/],
    ['{ id: k, env: EMPTY }', 'secret-missing', /EMPTY is empty/],
  ] as const;
  for (const [secret, code, message] of cases) {
    const problems = await space.problems(yaml({ secrets: `[${secret}]` }));
    const problem = problems.find(({ severity }) => severity === 'error');
    assert.equal(problem?.code, code);
    assert.equal(problem?.path, SECRET);
    assert.match(problem?.message ?? '', message);
  }
});

test('keys of the gateway must have their form', async (t) => {
  const space = await workspace(t);
  const rsa = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
  for (const [name, text] of [
    ['short', randomBytes(31).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['junk', 'no base64 at all'],
  ] as const) {
    await space.write(name, text);
    const keys = `{ master: { file: ${name} }, auditSigning: { file: keys/audit.pem } }`;
    assert.deepEqual(await codes(space, yaml({ keys })), ['key-malformed keys.master'], name);
  }
  await space.write('rsa.pem', rsa);
  const keys = '{ master: { file: keys/master.key }, auditSigning: { file: rsa.pem } }';
  assert.deepEqual(await codes(space, yaml({ keys })), ['key-malformed keys.auditSigning']);
});

test('older master keys follow the one in force', async (t) => {
  const space = await workspace(t);
  const old = randomBytes(32);
  await space.write('old', old.toString('base64'));
  const keys =
    '{ master: { file: keys/master.key }, previousMasters: [{ file: old }], auditSigning: { file: keys/audit.pem } }';
  const { secrets } = await space.snapshot(yaml({ keys }));
  assert.equal(secrets.masterKeys.length, 2);
  assert.deepEqual(secrets.masterKeys[1], old);
});

test('the encoding says how a text stands for bytes', async (t) => {
  const space = await workspace(t);
  const key = randomBytes(32);
  for (const encoding of ['hex', 'base64'] as const) {
    await space.write('core', key.toString(encoding));
    const core = `{ url: "https://c.example", signingSecret: { file: core, encoding: ${encoding} } }`;
    const { secrets } = await space.snapshot(yaml({ core }));
    assert.deepEqual(secrets.coreSigningKey, key);
  }
  await space.write('core', 'not decoded, as said by utf8');
  const core = '{ url: "https://c.example", signingSecret: { file: core, encoding: utf8 } }';
  const { secrets } = await space.snapshot(yaml({ core }));
  assert.equal(secrets.coreSigningKey.toString(), 'not decoded, as said by utf8');
});

test('a public key cannot sign what the core platform gets', async (t) => {
  const space = await workspace(t);
  await space.write('core', `whpk_${randomBytes(32).toString('base64')}`);
  const core = '{ url: "https://c.example", signingSecret: { file: core } }';
  assert.deepEqual(await codes(space, yaml({ core })), ['key-malformed core.signingSecret']);
});

test('no secret appears when configuration, secrets, sources or problems are printed', async (t) => {
  const space = await workspace(t);
  const texts = {
    master: randomBytes(32).toString('base64'),
    core: randomBytes(32).toString('base64'),
    ehr: randomBytes(32).toString('hex'),
    token: randomBytes(32).toString('hex'),
    sidecar: randomBytes(32).toString('hex'),
  };
  for (const [name, text] of Object.entries(texts)) await space.write(name, text);
  const loaded = await space.snapshot(
    yaml({
      http: '{ sidecarSecret: { file: sidecar } }',
      keys: '{ master: { file: master }, auditSigning: { file: keys/audit.pem } }',
      core: '{ url: "https://c.example", signingSecret: { file: core } }',
      tokens: '[{ issuer: i, audience: a, algorithms: [HS256], secret: { file: token } }]',
      signature: 'scheme: github',
      secrets: '[{ id: k1, file: ehr }]',
    }),
  );
  assert.equal(loaded.secrets.tokenSecret(0)?.toString(), texts.token);
  assert.equal(loaded.secrets.sidecarSecret?.toString(), texts.sidecar);
  const source = loaded.sources.find('mercy', 'ehr');
  const options = { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null };
  const printed = [loaded, loaded.secrets, source].flatMap((value) => [
    JSON.stringify(value),
    inspect(value, options),
    inspect(value, { depth: 20 }),
    String(value),
  ]);
  const forms = Object.values(texts).flatMap((text) => [
    text,
    Buffer.from(text).toString('hex'),
    Buffer.from(text).toString('hex').replace(/../g, '$& ').slice(0, 40),
    JSON.stringify([...Buffer.from(text, 'base64')]).slice(1, 40),
    JSON.stringify([...Buffer.from(text)]).slice(1, 40),
  ]);
  for (const text of printed) for (const form of forms) assert.equal(text?.includes(form), false);
});

test('in production a secret in the file is refused and never quoted', async (t) => {
  const space = await workspace(t);
  const secret = webhookSecret();
  const problems = await space.problems(
    yaml({ profile: 'production', secrets: `[{ id: k, value: ${secret} }]` }),
  );
  assert.deepEqual(
    problems.map(({ code, path, severity }) => [code, path, severity]),
    [['secret-inline', SECRET, 'error']],
  );
  assert.equal(JSON.stringify(problems).includes(secret), false);
});

test('production refuses secret files that others may use, development warns; public keys are no secrets', async (t) => {
  const space = await workspace(t);
  for (const mode of [0o640, 0o604, 0o660, 0o610]) {
    await chmod(space.path('keys/master.key'), mode);
    const [problem, ...more] = await space.problems(yaml({ profile: 'production' }));
    assert.deepEqual(more, []);
    assert.equal(problem?.code, 'secret-file-open');
    assert.equal(problem?.severity, 'error');
    assert.match(problem?.message ?? '', new RegExp(mode.toString(8)));
    assert.match(problem?.remedy ?? '', /chmod 0400 keys\/master\.key/);
    const [warning] = await space.problems(yaml());
    assert.equal(warning?.severity, 'warning');
  }
  await chmod(space.path('keys/master.key'), 0o400);
  await space.write('sender.pub', `whpk_${randomBytes(32).toString('base64')}`, 0o644);
  const secrets = '[{ id: k, file: sender.pub }]';
  assert.deepEqual(await space.problems(yaml({ profile: 'production', secrets })), []);
});

test('production refuses one key in two places, in whichever form it is written; development warns', async (t) => {
  const space = await workspace(t);
  const key = randomBytes(32);
  await space.write('keys/master.key', key.toString('base64'));
  const forms = {
    'as it stands': ['scheme: github', key.toString('base64'), ''],
    'as whsec_': ['scheme: standard-webhooks', `whsec_${key.toString('base64')}`, ''],
    'as hex': ['scheme: websub', key.toString('hex'), ', encoding: hex'],
  } as const;
  for (const [name, [signature, text, extra]] of Object.entries(forms)) {
    await space.write('same', text);
    const parts = { signature, secrets: `[{ id: k, file: same${extra} }]` };
    const [problem, ...more] = await space.problems(yaml({ ...parts, profile: 'production' }));
    assert.deepEqual(more, [], name);
    assert.equal(problem?.code, 'key-used-twice', name);
    assert.equal(problem?.path, SECRET);
    assert.match(problem?.message ?? '', /same key as keys\.master/);
    const [warning] = await space.problems(yaml(parts));
    assert.equal(warning?.severity, 'warning');
  }
});

test('the seed of the audit key counts as a key, too', async (t) => {
  const space = await workspace(t);
  const pem = signingKeyPem();
  await space.write('keys/audit.pem', pem);
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ''), 'base64');
  await space.write('same', der.subarray(-32).toString('base64'));
  const keys = '{ master: { file: same }, auditSigning: { file: keys/audit.pem } }';
  const [problem] = await space.problems(yaml({ keys, profile: 'production' }));
  assert.equal(problem?.code, 'key-used-twice');
});

async function codes(space: Workspace, text: string): Promise<readonly string[]> {
  const problems = await space.problems(text);
  return problems.filter(({ severity }) => severity === 'error').map(({ code, path }) => `${code} ${path}`);
}
