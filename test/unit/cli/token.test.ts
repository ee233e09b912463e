import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { errors, jwtVerify } from 'jose';
import { type ConfigurationOptions, configureFolder, TOKEN_SECRET } from '../../support/configured-folder.ts';
import { FakeTerminal } from '../../support/fake-terminal.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { TestClock } from '../../support/test-clock.ts';

const EXPECTED = { issuer: 'https://platform.example', audience: 'portcullis', algorithms: ['HS256'] };
const SECRET = Buffer.from(TOKEN_SECRET);

async function fixture(t: TestContext, options: ConfigurationOptions = {}) {
  const { environment, file } = await configureFolder(await scratchFolder(t), options);
  const clock = new TestClock();
  const terminal = new FakeTerminal(environment, clock);
  const token = (...more: string[]) =>
    terminal.run('token', '--config', file, '--org', 'mercy', '--sub', 'ada', ...more);
  const verify = (jwt: string, at = clock.now()) =>
    jwtVerify(jwt, SECRET, { ...EXPECTED, currentDate: new Date(at) });
  return { clock, token, verify };
}

test('a token has the claims asked for, lives as long as the issuer allows, and verifies', async (t) => {
  const { clock, token, verify } = await fixture(t);
  const { exit, out } = await token('--roles', 'clinician,reviewer');
  assert.equal(exit, 0);
  const { payload, protectedHeader } = await verify(out);
  const { jti, ...claims } = payload;
  const now = clock.now() / 1000;
  assert.deepEqual(claims, {
    iss: EXPECTED.issuer,
    aud: EXPECTED.audience,
    sub: 'ada',
    org: 'mercy',
    roles: ['clinician', 'reviewer'],
    iat: now,
    exp: now + 900,
  });
  assert.match(jti ?? '', /^[0-9a-f-]{36}$/);
  assert.deepEqual(protectedHeader, { alg: 'HS256', typ: 'at+jwt' });
  await assert.rejects(verify(out, clock.now() + 900_000), errors.JWTExpired);
  await assert.rejects(jwtVerify(out, Buffer.from('another secret'), EXPECTED), errors.JOSEError);
});

test('every token has an id of its own', async (t) => {
  const { token, verify } = await fixture(t);
  const ids = [];
  for (let count = 0; count < 3; count += 1) ids.push((await verify((await token()).out)).payload.jti);
  assert.equal(new Set(ids).size, 3);
});

test('--perms, --acr and --ttl are taken', async (t) => {
  const { clock, token, verify } = await fixture(t);
  const { out } = await token('--perms', 'events.read,,events.replay', '--acr', 'phr', '--ttl', '60');
  const { perms, acr, auth_time, exp, roles } = (await verify(out)).payload;
  const now = clock.now() / 1000;
  assert.deepEqual(
    { perms, acr, auth_time, exp, roles },
    { perms: ['events.read', 'events.replay'], acr: 'phr', auth_time: now, exp: now + 60, roles: [] },
  );
});

test('the first issuer with a secret signs, or the one that is named', async (t) => {
  const audience = 'portcullis';
  const secret = { value: 'another secret of an identity provider, long enough' };
  const { token, verify } = await fixture(t, {
    tokens: [
      { issuer: 'https://idp.example', audience, algorithms: ['RS256'], jwksUri: 'https://idp.example/jwks' },
      {
        issuer: EXPECTED.issuer,
        audience,
        algorithms: ['HS256'],
        secret: { value: TOKEN_SECRET },
        maxLifetimeSeconds: 120,
      },
      { issuer: 'https://second.example', audience, algorithms: ['HS512'], secret },
    ],
  });
  const { payload } = await verify((await token()).out);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 120);
  assert.equal((await token('--ttl', '121')).exit, 64);
  const { out } = await token('--issuer', 'https://second.example');
  const second = await jwtVerify(out, Buffer.from(secret.value), {
    issuer: 'https://second.example',
    algorithms: ['HS512'],
    currentDate: new Date((payload.iat ?? 0) * 1000),
  });
  assert.equal(second.protectedHeader.alg, 'HS512');
  assert.equal((await token('--issuer', 'https://idp.example')).exit, 64);
});

test('without an issuer that has a secret there is no token', async (t) => {
  const { token } = await fixture(t, { tokens: [] });
  const { exit, out, errors: told } = await token();
  assert.deepEqual([exit, out], [64, '']);
  assert.match(told, /HS256/);
});
