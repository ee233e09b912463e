import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SCHEME_NAMES } from '../../../src/inbound/signature/types.ts';
import { type Workspace, workspace, yaml } from './fixture.ts';

const SOURCE = 'organizations[0].sources[0]';

test('every scheme of the contract can be configured', async (t) => {
  const space = await workspace(t);
  await space.write('plain', randomBytes(32).toString('hex'));
  for (const scheme of SCHEME_NAMES) {
    const custom = '\n          custom: { header: x-sig, content: "{body}" }';
    const file = scheme === 'standard-webhooks' ? 'keys/ehr.secret' : 'plain';
    const { sources } = await space.snapshot(
      yaml({
        signature: `scheme: ${scheme}${scheme === 'custom' ? custom : ''}`,
        secrets: `[{ id: k1, file: ${file} }]`,
      }),
    );
    assert.equal(sources.find('mercy', 'ehr')?.signature.scheme, scheme);
  }
});

test('a source is found by organization and id, with its settings', async (t) => {
  const space = await workspace(t);
  const secrets =
    '[{ id: k1, file: keys/ehr.secret, notBefore: 2026-01-01T00:00:00+02:00, notAfter: "2027-01-01T00:00:00.5Z" }]';
  const source = 'validation: reject\n        forward: { heartbeats: true }';
  const signature = 'scheme: standard-webhooks\n          toleranceSeconds: 1e12';
  const { sources, config } = await space.snapshot(yaml({ secrets, source, signature }));
  const found = sources.find('mercy', 'ehr');
  assert.equal(found?.scope.organization, 'mercy');
  assert.equal(found?.profile.name, 'backport-r4');
  assert.equal(found?.validation, 'reject');
  assert.equal(found?.forwardHandshakes, false);
  assert.equal(found?.forwardHeartbeats, true);
  assert.equal(found?.signature.toleranceMs, 1e15);
  assert.equal(found?.signature.keys[0]?.notBefore, Date.parse('2025-12-31T22:00:00Z'));
  assert.equal(found?.signature.keys[0]?.notAfter, Date.parse('2027-01-01T00:00:00.500Z'));
  assert.equal(sources.find('mercy', 'other'), undefined);
  assert.equal(sources.find('other', 'ehr'), undefined);
  assert.equal(sources.find('__proto__', 'constructor'), undefined);
  assert.equal(config.organizations[0]?.name, 'mercy', 'the name defaults to the id');
});

test('message signatures always cover the digest of the body', async (t) => {
  const space = await workspace(t);
  await space.write('plain', randomBytes(32).toString('hex'));
  const components = async (extra: string) => {
    const signature = `scheme: http-message-signatures${extra}`;
    const { sources } = await space.snapshot(yaml({ signature, secrets: '[{ id: k1, file: plain }]' }));
    const settings = sources.find('mercy', 'ehr')?.signature;
    return settings?.scheme === 'http-message-signatures' ? settings.requiredComponents : undefined;
  };
  assert.deepEqual(await components(''), ['content-digest']);
  const named = '\n          requiredComponents: ["@method", content-digest]';
  assert.deepEqual(await components(named), ['@method', 'content-digest']);
});

const MEANINGS: readonly (readonly [
  name: string,
  changes: Parameters<typeof yaml>[0],
  problems: readonly string[],
])[] = [
  [
    'a window that is empty',
    {
      secrets:
        '[{ id: k, file: keys/ehr.secret, notBefore: 2027-01-01T00:00:00Z, notAfter: 2026-01-01T00:00:00Z }]',
    },
    [`key-window-empty ${SOURCE}.signature.secrets[0]`],
  ],
  [
    'a day that does not exist',
    { secrets: '[{ id: k, file: keys/ehr.secret, notAfter: 2027-02-29T00:00:00Z }]' },
    [`window-malformed ${SOURCE}.signature.secrets[0]`],
  ],
  [
    'a source whose secrets have all expired',
    { secrets: '[{ id: k, file: keys/ehr.secret, notAfter: 2026-11-22T12:00:00Z }]' },
    [`secrets-expired ${SOURCE}.signature.secrets`],
  ],
  [
    'a secret to come',
    { secrets: '[{ id: k, file: keys/ehr.secret, notBefore: 2027-01-01T00:00:00Z }]' },
    [],
  ],
  [
    'two secrets of one name',
    { secrets: '[{ id: k, file: keys/ehr.secret }, { id: k, env: OTHER }]' },
    [`repeated-id ${SOURCE}.signature.secrets[1].id`],
  ],
  [
    'a window too wide for production',
    { profile: 'production', signature: 'scheme: standard-webhooks\n          toleranceSeconds: 600.5' },
    [`tolerance-too-wide ${SOURCE}.signature.toleranceSeconds`],
  ],
  [
    'the widest window of production',
    { profile: 'production', signature: 'scheme: standard-webhooks\n          toleranceSeconds: 600' },
    [],
  ],
  [
    'a secret in the wrong form',
    { signature: 'scheme: standard-webhooks', secrets: '[{ id: k, env: NOT_BASE64 }]' },
    [`key-not-base64 ${SOURCE}.signature.secrets[0]`],
  ],
  [
    'delays the wrong way round',
    {
      core: '{ url: "https://c.example", signingSecret: { file: keys/core.secret }, retry: { firstDelayMs: 2000, maxDelayMs: 1000 } }',
    },
    ['incoherent core.retry.firstDelayMs'],
  ],
  [
    'less memory for bodies than one body takes',
    { http: '{ maxBodyBytes: 4096, limits: { maxBufferedBodyBytes: 2048 } }' },
    ['incoherent http.limits.maxBufferedBodyBytes'],
  ],
  [
    'HMAC tokens without a secret',
    { tokens: '[{ issuer: i, audience: a, algorithms: [HS256] }]' },
    ['incoherent tokens[0].algorithms'],
  ],
  [
    'public-key tokens without keys',
    { tokens: '[{ issuer: i, audience: a, algorithms: [ES256] }]' },
    ['incoherent tokens[0].algorithms'],
  ],
  [
    'both kinds of algorithms',
    { tokens: '[{ issuer: i, audience: a, algorithms: [HS256, ES256], jwksUri: "https://i/jwks" }]' },
    ['incoherent tokens[0].algorithms'],
  ],
  [
    'a key set beside HMAC',
    {
      tokens:
        '[{ issuer: i, audience: a, algorithms: [HS256], secret: { env: TOKEN }, jwksUri: "https://i/jwks" }]',
    },
    ['incoherent tokens[0].jwksUri'],
  ],
  [
    'an issuer listed twice',
    {
      tokens:
        '[{ issuer: i, audience: a, algorithms: [ES256], jwksUri: "https://i/j" }, { issuer: i, audience: a, algorithms: [ES256], jwksUri: "https://i/j" }]',
    },
    ['repeated-id tokens[1]'],
  ],
  [
    'an unencrypted key set in production',
    {
      profile: 'production',
      tokens: '[{ issuer: i, audience: a, algorithms: [ES256], jwksUri: "http://i.example/j" }]',
    },
    ['url-unencrypted tokens[0].jwksUri'],
  ],
  [
    'the journal on PostgreSQL',
    { journal: '{ engine: postgres, url: { env: DATABASE_URL } }' },
    ['not-available journal.engine'],
  ],
  ['required client certificates', { source: 'mtls: required' }, [`not-available ${SOURCE}.mtls`]],
  [
    'required client certificates, in full',
    { source: `mtls: { mode: required, issuerSpkiSha256: ["${'A'.repeat(43)}="] }` },
    [`not-available ${SOURCE}.mtls`],
  ],
  ['another value of mtls', { source: 'mtls: optional' }, [`wrong-value ${SOURCE}.mtls`]],
  [
    'coordination by Redis',
    { more: 'coordination: { engine: redis, url: { env: REDIS_URL } }' },
    ['not-available coordination.engine'],
  ],
  [
    'image archives and partners',
    {
      more: '  - id: north\n    pacs: [{ id: main, baseUrl: "http://127.0.0.1:8042/dicom-web" }]\n    connectors: [{ id: lab, baseUrl: "https://l.example", baa: executed, dataTier: phi }]',
    },
    ['not-available organizations[1].pacs', 'not-available organizations[1].connectors'],
  ],
  [
    'organizations and sources of one name',
    {
      more: '      - { id: ehr, profile: rest-hook-r4, signature: { scheme: github, secrets: [{ id: k, env: TOKEN }] } }\n  - id: mercy',
    },
    ['repeated-id organizations[0].sources[1].id', 'repeated-id organizations[1].id'],
  ],
];

for (const [name, changes, expected] of MEANINGS) {
  test(`the meaning is judged: ${name}`, async (t) => {
    const space = await workspace(t);
    Object.assign(space.variables, VARIABLES);
    const problems = await space.problems(yaml(changes));
    assert.deepEqual(codes(problems), expected);
    assert.ok(problems.every(({ line, remedy }) => line !== undefined && remedy !== ''));
  });
}

const VARIABLES = {
  OTHER: `whsec_${randomBytes(32).toString('base64')}`,
  TOKEN: randomBytes(48).toString('hex'),
  NOT_BASE64: 'whsec_not/base64!-but-long-enough-to-be-a-key',
};

const CUSTOM: readonly (readonly [string, string, RegExp])[] = [
  ['the body is not signed', 'header: x, content: "{timestamp}", timestampHeader: t', /body/],
  ['a time is signed that no header carries', 'header: x, content: "{timestamp}.{body}"', /timestamp/],
  ['an id is read that is not signed', 'header: x, content: "{body}", idHeader: i', /idHeader/],
  ['a placeholder is unknown', 'header: x, content: "{nonce}.{body}"', /\{nonce\}/],
];

for (const [name, custom, message] of CUSTOM) {
  test(`a custom scheme is refused when ${name}`, async (t) => {
    const space = await workspace(t);
    const signature = `scheme: custom\n          custom: { ${custom} }`;
    const problems = await space.problems(yaml({ signature, secrets: '[{ id: k, env: TOKEN }]' }));
    const problem = problems.find(({ path }) => path === `${SOURCE}.signature.custom`);
    assert.match(problem?.message ?? '', message);
  });
}

test('a sender profile that is not there is told with the nearest name', async (t) => {
  const space = await workspace(t);
  const [problem] = await space.problems(yaml().replace('backport-r4', 'backport-r6'));
  assert.equal(problem?.code, 'unknown-sender-profile');
  assert.equal(problem?.line, 11);
  assert.match(problem?.remedy ?? '', /did you mean `backport-r4`\?|did you mean `backport-r5`\?/);
});

test('sender profiles beside the file are used too, and replace those of the product', async (t) => {
  const space = await workspace(t);
  const profile = (name: string, status: number) =>
    `name: ${name}\nfhirVersion: "4.0"\nmethods: [POST]\ncontentTypes: [application/json]\nbodyForms: [json]\nacknowledgement: { status: ${status}, body: none }\nnumbering: none\ndedupe: [body]\n`;
  await space.write('sender-profiles/backport-r4.yaml', profile('backport-r4', 204));
  const { sources } = await space.snapshot(yaml());
  assert.equal(sources.find('mercy', 'ehr')?.profile.acknowledgement.status, 204);
  await space.write('sender-profiles/ours.yaml', profile('other', 200));
  await space.write('sender-profiles/wrong.yaml', profile('wrong', 500));
  const problems = await space.problems(yaml());
  assert.deepEqual(
    problems.map(({ file, line, path, code }) => [file, line, path, code]),
    [
      ['sender-profiles/ours.yaml', 1, 'name', 'name-mismatch'],
      ['sender-profiles/wrong.yaml', 6, 'acknowledgement.status', 'wrong-value'],
    ],
  );
});

test('a configuration without a source loads, with a warning', async (t) => {
  const space = await workspace(t);
  const text = yaml().replace(/organizations:[\s\S]*/, '');
  const { warnings, config } = await space.snapshot(text);
  assert.deepEqual(codes(warnings), ['no-sources organizations']);
  assert.deepEqual(config.http.listen, { host: '127.0.0.1', port: 8080 });
});

test('a unix socket replaces host and port', async (t) => {
  const space = await workspace(t);
  const { config } = await space.snapshot(yaml({ http: '{ listen: { socket: run/gw.sock } }' }));
  assert.deepEqual(config.http.listen, { socket: space.path('run/gw.sock') });
});

function codes(problems: Awaited<ReturnType<Workspace['problems']>>): readonly string[] {
  return problems.map(({ code, path }) => `${code} ${path}`);
}
