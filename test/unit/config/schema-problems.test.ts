import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Parts, workspace, yaml } from './fixture.ts';

interface Expected {
  readonly code: string;
  readonly line: number;
  readonly path: string;
  readonly message: RegExp;
  readonly remedy: RegExp;
}

const SOURCE = 'organizations[0].sources[0]';

const CASES: readonly (readonly [name: string, changes: Partial<Parts>, expected: Expected])[] = [
  [
    'an unknown key at the top, with what was probably meant',
    { more: 'organisations: []' },
    {
      code: 'unknown-key',
      line: 16,
      path: 'organisations',
      message: /unknown key `organisations`/,
      remedy: /did you mean `organizations`\?/,
    },
  ],
  [
    'an unknown key far down, with the known ones',
    {
      core: '{ url: "https://c.example", signingSecret: { file: keys/core.secret }, retry: { zzzzzzz: 1 } }',
    },
    {
      code: 'unknown-key',
      line: 5,
      path: 'core.retry.zzzzzzz',
      message: /unknown key `zzzzzzz`/,
      remedy: /known here: firstDelayMs, maxDelayMs, maxAttempts/,
    },
  ],
  [
    'letters swapped in a key',
    { source: 'validatoin: flag' },
    {
      code: 'unknown-key',
      line: 15,
      path: `${SOURCE}.validatoin`,
      message: /unknown key/,
      remedy: /did you mean `validation`/,
    },
  ],
  [
    'a missing key',
    { core: '{ url: "https://core.example" }' },
    {
      code: 'key-missing',
      line: 5,
      path: 'core.signingSecret',
      message: /`signingSecret` is missing/,
      remedy: /add `signingSecret`/,
    },
  ],
  [
    'a bare secret',
    { secrets: '[whsec_Zm9vYmFy]' },
    {
      code: 'wrong-type',
      line: 14,
      path: `${SOURCE}.signature.secrets[0]`,
      message: /never written as bare text/,
      remedy: /\{ file: PATH \}/,
    },
  ],
  [
    'a name that is not on the list',
    { signature: 'scheme: standard-webhook' },
    {
      code: 'wrong-value',
      line: 13,
      path: `${SOURCE}.signature.scheme`,
      message: /`standard-webhook` is not one of/,
      remedy: /did you mean `standard-webhooks`\?/,
    },
  ],
  [
    'a text where a number belongs',
    { http: '{ maxBodyBytes: 1MB }' },
    { code: 'wrong-type', line: 2, path: 'http.maxBodyBytes', message: /a whole number/, remedy: /body/ },
  ],
  [
    'a number out of range, with its unit',
    { http: '{ limits: { requestTimeoutMs: 5 } }' },
    {
      code: 'wrong-value',
      line: 2,
      path: 'http.limits.requestTimeoutMs',
      message: /less than 100 \(unit: milliseconds\)/,
      remedy: /at least 100/,
    },
  ],
  [
    'more header lines than can be seen',
    { http: '{ limits: { maxHeaderPairs: 91 } }' },
    {
      code: 'wrong-value',
      line: 2,
      path: 'http.limits.maxHeaderPairs',
      message: /more than 90/,
      remedy: /at most 90/,
    },
  ],
  [
    'both ways to listen',
    { http: '{ listen: { host: 127.0.0.1, port: 1, socket: /run/x.sock } }' },
    {
      code: 'incoherent',
      line: 2,
      path: 'http.listen',
      message: /either `host` and `port`/,
      remedy: /`socket`/,
    },
  ],
  [
    'a host without a port',
    { http: '{ listen: { host: 127.0.0.1 } }' },
    { code: 'incoherent', line: 2, path: 'http.listen', message: /either `host` and `port`/, remedy: /give/ },
  ],
  [
    'a secret from two places',
    { secrets: '[{ id: k1, file: a, env: B }]' },
    {
      code: 'incoherent',
      line: 14,
      path: `${SOURCE}.signature.secrets[0]`,
      message: /exactly one of `env`, `file` and `value`/,
      remedy: /exactly one/,
    },
  ],
  [
    'a secret in place of the name of a variable',
    { secrets: '[{ id: k1, env: whsec_Zm9vYmFy }]' },
    {
      code: 'wrong-value',
      line: 14,
      path: `${SOURCE}.signature.secrets[0].env`,
      message: /not of the expected form/,
      remedy: /name of an environment variable/,
    },
  ],
  [
    'no secret at all',
    { secrets: '[]' },
    {
      code: 'wrong-value',
      line: 14,
      path: `${SOURCE}.signature.secrets`,
      message: /too short a list/,
      remedy: /at least 1/,
    },
  ],
  [
    'an id that does not fit into a URL',
    { more: 'x: 1', signature: 'scheme: github', secrets: '[{ id: "a b", file: keys/ehr.secret }]' },
    {
      code: 'wrong-value',
      line: 14,
      path: `${SOURCE}.signature.secrets[0].id`,
      message: /expected form/,
      remedy: /letters, digits/,
    },
  ],
  [
    'a key of another engine',
    { journal: '{ engine: sqlite, path: var/j.db, url: { env: DATABASE_URL } }' },
    {
      code: 'incoherent',
      line: 3,
      path: 'journal.url',
      message: /`url` does not apply/,
      remedy: /remove it/,
    },
  ],
  [
    'options of another scheme',
    { signature: 'scheme: github\n          requiredComponents: ["@method"]' },
    {
      code: 'incoherent',
      line: 14,
      path: `${SOURCE}.signature.requiredComponents`,
      message: /does not apply/,
      remedy: /scheme/,
    },
  ],
  [
    'a custom scheme without its description',
    { signature: 'scheme: custom' },
    {
      code: 'key-missing',
      line: 12,
      path: `${SOURCE}.signature.custom`,
      message: /`custom` is missing/,
      remedy: /add `custom`/,
    },
  ],
  [
    'a date without an offset',
    { secrets: '[{ id: k1, file: keys/ehr.secret, notAfter: "2027-01-01" }]' },
    {
      code: 'wrong-value',
      line: 14,
      path: `${SOURCE}.signature.secrets[0].notAfter`,
      message: /expected form/,
      remedy: /RFC 3339/,
    },
  ],
  [
    'a merge key',
    { more: '"<<": { a: 1 }' },
    { code: 'unknown-key', line: 16, path: '<<', message: /unknown key/, remedy: /remove it/ },
  ],
  [
    'a key of the prototype',
    { more: '__proto__: { profile: production }' },
    { code: 'unknown-key', line: 16, path: '__proto__', message: /unknown key/, remedy: /remove it/ },
  ],
];

for (const [name, changes, expected] of CASES) {
  test(`the schema refuses ${name}`, async (t) => {
    const space = await workspace(t);
    const problems = await space.problems(yaml(changes));
    const problem = problems.find(({ path }) => path === expected.path);
    assert.ok(problem, JSON.stringify(problems));
    const { code, line, severity, file } = problem;
    assert.deepEqual(
      { code, line, severity, file },
      { code: expected.code, line: expected.line, severity: 'error', file: 'portcullis.yaml' },
    );
    assert.match(problem.message, expected.message);
    assert.match(problem.remedy, expected.remedy);
    assert.equal(JSON.stringify(problems).includes('Zm9vYmFy'), false);
  });
}

test('problems of the schema, of secrets, of meaning and of the process are told together', async (t) => {
  const space = await workspace(t);
  space.variables.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const problems = await space.problems(
    yaml({
      profile: 'production',
      http: '{ limits: { headersTimeoutMs: 20000, requestTimeoutMs: 10000 }, prot: 1 }',
      core: '{ url: "http://core.example", signingSecret: { env: CORE_SECRET } }',
      signature: 'scheme: standard-webhooks\n          toleranceSeconds: 601',
      secrets: '[{ id: k1, value: whsec_Zm9v }, { id: k1, file: keys/nowhere }]',
      source: 'validation: drop',
    }),
  );
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]).toSorted(),
    [
      ['tls-checks-off', 'NODE_TLS_REJECT_UNAUTHORIZED'],
      ['incoherent', 'http.limits.headersTimeoutMs'],
      ['unknown-key', 'http.prot'],
      ['url-unencrypted', 'core.url'],
      ['secret-missing', 'core.signingSecret'],
      ['tolerance-too-wide', `${SOURCE}.signature.toleranceSeconds`],
      ['repeated-id', `${SOURCE}.signature.secrets[1].id`],
      ['secret-inline', `${SOURCE}.signature.secrets[0]`],
      ['secret-missing', `${SOURCE}.signature.secrets[1]`],
      ['wrong-value', `${SOURCE}.validation`],
    ].toSorted(),
  );
});

test('a sound file has no problems', async (t) => {
  const space = await workspace(t);
  assert.deepEqual(await space.problems(yaml()), []);
});
