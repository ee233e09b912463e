import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type KeyWeakness, keyWeakness } from '../../../src/config/key-strength.ts';
import { workspace, yaml } from './fixture.ts';

function weakness(text: string, minBytes = 24): KeyWeakness | undefined {
  return keyWeakness(Buffer.from(text), text, minBytes);
}

const WEAK: readonly (readonly [string, KeyWeakness])[] = [
  ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'sample'],
  ["It's a Secret to Everybody", 'sample'],
  ["it's a secret to everybody", 'sample'],
  ['8f742231b10e8888abcd99yyyzzz85a5', 'sample'],
  ['convoy-webhook-secret', 'sample'],
  ['your-256-bit-secret', 'sample'],
  ['secret', 'sample'],
  ['changeme-changeme-changeme-1', 'placeholder'],
  ['My_Super_Secret_For_Production_2026', 'placeholder'],
  ['Tr0ub4dor&3', 'short'],
  ['abcabcabcabcabcabcabcabcabcabcab', 'repeating'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'repeating'],
  ['abcdefghijklmnopqrstuvwxyz{|}~', 'counting'],
  ['zyxwvutsrqponmlkjihgfedcba', 'counting'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', 'low-entropy'],
  ['112233112244112255112266', 'low-entropy'],
];

for (const [text, expected] of WEAK) {
  test(`${expected}: ${text.slice(0, 12)}…`, () => assert.equal(weakness(text), expected));
}

test('zeros are weak as bytes', () => {
  assert.equal(keyWeakness(Buffer.alloc(32), Buffer.alloc(32).toString('base64'), 32), 'zero');
  assert.equal(keyWeakness(Buffer.from([...Array(32).keys()]), 'x', 32), 'counting');
});

test('published samples are known decoded and with their prefix', () => {
  const encoded = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  assert.equal(keyWeakness(Buffer.from(encoded, 'base64'), `whsec_${encoded}`, 24), 'sample');
  const rfc8032 = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  assert.equal(keyWeakness(Buffer.from(rfc8032, 'hex'), 'x', 32), 'sample');
});

test('random keys are never accused: bytes, base64 and hex', () => {
  const random = seededBytes(20261122);
  for (let run = 0; run < 2000; run++) {
    const key = random(24 + (run % 41));
    assert.equal(keyWeakness(key, key.toString('base64'), 24), undefined);
    assert.equal(weakness(key.toString('base64')), undefined);
    assert.equal(weakness(key.toString('hex')), undefined);
  }
});

/** Bytes that are the same in every run: SHA-256 in counter mode. */
function seededBytes(seed: number): (length: number) => Buffer {
  let counter = 0;
  const block = () => createHash('sha256').update(`${seed}:${counter++}`).digest();
  return (length) => Buffer.concat([block(), block(), block()]).subarray(0, length);
}

test('production refuses weak keys of every purpose, development warns', async (t) => {
  const space = await workspace(t);
  await space.write('zero', Buffer.alloc(32).toString('base64'));
  await space.write('hs256', 'a-string-secret-at-least-256-bits-long');
  await space.write('short', 'X7#kq9!Lm2');
  await space.write('sample.pem', rfc8032SigningKey());
  const parts = {
    http: '{ sidecarSecret: { file: short } }',
    keys: '{ master: { file: zero }, auditSigning: { file: sample.pem } }',
    core: '{ url: "https://c.example", signingSecret: { env: CORE } }',
    tokens: '[{ issuer: i, audience: a, algorithms: [HS256], secret: { file: hs256 } }]',
    signature: 'scheme: github',
    secrets: '[{ id: k, env: EHR }]',
  };
  space.variables.CORE = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
  space.variables.EHR = 'mysecret';
  for (const profile of ['production', 'development'] as const) {
    const problems = await space.problems(yaml({ ...parts, profile }));
    assert.deepEqual(
      problems.map(({ code, path }) => `${path} ${code}`),
      [
        'http.sidecarSecret key-short',
        'keys.master key-zero',
        'keys.auditSigning key-sample',
        'core.signingSecret key-sample',
        'tokens[0].secret key-sample',
        'organizations[0].sources[0].signature.secrets[0] key-sample',
      ],
    );
    const severity = profile === 'production' ? 'error' : 'warning';
    assert.ok(problems.every((problem) => problem.severity === severity));
  }
});

test('an HMAC token secret must be as long as the longest digest allowed', async (t) => {
  const space = await workspace(t);
  await space.write('token', 'q9W#x7Lm2!vR4tZ8pK1sD6fG3hJ5bN0c');
  const tokens = (algorithm: string) =>
    `[{ issuer: i, audience: a, algorithms: [HS256, ${algorithm}], secret: { file: token } }]`;
  assert.deepEqual(
    await space.problems(yaml({ profile: 'production', tokens: tokens('HS384').replace(', HS384', '') })),
    [],
  );
  const [problem] = await space.problems(yaml({ profile: 'production', tokens: tokens('HS512') }));
  assert.equal(problem?.code, 'key-short');
  assert.match(problem?.message ?? '', /64/);
});

function rfc8032SigningKey(): string {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
  const body = Buffer.concat([prefix, seed]).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
}
