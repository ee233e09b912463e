import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  type KeyInput,
  type KeyProblemCode,
  parseVerificationKey,
} from '../../../../src/inbound/signature/keys.ts';
import { parseSigningKey } from '../../../../src/inbound/signature/signing-key.ts';
import { RFC9421, STANDARD, STANDARD_V1A } from './fixtures.ts';

const BASE64 = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BYTES = Buffer.from(BASE64, 'base64').toString('hex');

function sharedHex(input: Omit<KeyInput, 'id'>): string | undefined {
  const parsed = parseVerificationKey({ id: 'k1', ...input });
  if (!parsed.ok || parsed.key.material.kind !== 'hmac') return undefined;
  return parsed.key.material.key.export().toString('hex');
}

function hexOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

describe('shared secrets', () => {
  test('standard-webhooks decodes whsec_ and plain base64', () => {
    assert.equal(sharedHex({ scheme: 'standard-webhooks', text: STANDARD.secret }), BYTES);
    assert.equal(sharedHex({ scheme: 'standard-webhooks', text: BASE64 }), BYTES);
    assert.equal(
      sharedHex({ scheme: 'standard-webhooks', text: STANDARD.secret, encoding: 'base64' }),
      BYTES,
    );
  });

  test('other schemes take the bytes of the whole text', () => {
    assert.equal(sharedHex({ scheme: 'stripe', text: STANDARD.secret }), hexOf(STANDARD.secret));
    assert.equal(sharedHex({ scheme: 'github', text: "It's a Sécret" }), hexOf("It's a Sécret"));
    assert.equal(sharedHex({ scheme: 'http-message-signatures', text: BASE64 }), hexOf(BASE64));
  });

  test('encoding overrides the form of the scheme', () => {
    assert.equal(sharedHex({ scheme: 'github', text: BASE64, encoding: 'base64' }), BYTES);
    assert.equal(sharedHex({ scheme: 'slack', text: 'DEADbeef', encoding: 'hex' }), 'deadbeef');
    assert.equal(
      sharedHex({ scheme: 'standard-webhooks', text: STANDARD.secret, encoding: 'utf8' }),
      hexOf(STANDARD.secret),
    );
  });

  test('the window and the id are kept', () => {
    const parsed = parseVerificationKey({ scheme: 'github', id: 'k9', text: 's', notBefore: 1, notAfter: 2 });
    assert.ok(parsed.ok);
    assert.deepEqual([parsed.key.id, parsed.key.notBefore, parsed.key.notAfter], ['k9', 1, 2]);
  });
});

describe('public keys', () => {
  const cases: readonly [string, Omit<KeyInput, 'id'>][] = [
    ['whpk_ for standard-webhooks', { scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey }],
    [
      'whpk_ for http-message-signatures',
      { scheme: 'http-message-signatures', text: STANDARD_V1A.publicKey },
    ],
    ['PEM for http-message-signatures', { scheme: 'http-message-signatures', text: RFC9421.ed25519 }],
  ];
  for (const [name, input] of cases) {
    test(name, () => {
      const parsed = parseVerificationKey({ id: 'k1', ...input });
      assert.ok(parsed.ok && parsed.key.material.kind === 'ed25519');
      assert.equal(parsed.key.material.publicKey.asymmetricKeyType, 'ed25519');
    });
  }
});

describe('secrets that cannot be used', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaPublic = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const privatePem = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const cases: readonly [KeyProblemCode, Omit<KeyInput, 'id'>][] = [
    ['key-empty', { scheme: 'github', text: '' }],
    ['key-empty', { scheme: 'github', text: ' \n' }],
    ['key-empty', { scheme: 'standard-webhooks', text: 'whsec_' }],
    ['key-surrounded-by-space', { scheme: 'github', text: 'hunter-2\n' }],
    ['key-has-version-prefix', { scheme: 'standard-webhooks', text: `v1,${STANDARD.secret}` }],
    ['key-has-version-prefix', { scheme: 'standard-webhooks', text: `v1a,${STANDARD_V1A.publicKey}` }],
    ['key-is-private', { scheme: 'standard-webhooks', text: STANDARD_V1A.privateKey }],
    ['key-is-private', { scheme: 'standard-webhooks', text: `v1a,${STANDARD_V1A.privateKey}` }],
    ['key-is-private', { scheme: 'http-message-signatures', text: privatePem }],
    ['key-is-private', { scheme: 'github', text: privatePem }],
    ['key-kind-unsupported', { scheme: 'github', text: STANDARD_V1A.publicKey }],
    ['key-kind-unsupported', { scheme: 'custom', text: RFC9421.ed25519 }],
    ['key-algorithm-unsupported', { scheme: 'http-message-signatures', text: rsaPublic }],
    [
      'key-algorithm-unsupported',
      { scheme: 'http-message-signatures', text: '-----BEGIN PUBLIC KEY-----\nno' },
    ],
    ['key-not-base64', { scheme: 'standard-webhooks', text: 'whsec_not base64!' }],
    ['key-not-base64', { scheme: 'standard-webhooks', text: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS' }],
    ['key-not-base64', { scheme: 'standard-webhooks', text: 'whpk_????' }],
    ['key-not-hex', { scheme: 'slack', text: 'abc', encoding: 'hex' }],
    ['key-wrong-length', { scheme: 'standard-webhooks', text: `whpk_${BASE64}` }],
    ['key-weak', { scheme: 'standard-webhooks', text: `whpk_${Buffer.alloc(32).toString('base64')}` }],
    ['key-window-empty', { scheme: 'github', text: 's', notBefore: 2, notAfter: 2 }],
  ];
  for (const [code, input] of cases) {
    test(`${code}: ${input.scheme} ${JSON.stringify(input.text.slice(0, 12))}`, () => {
      const parsed = parseVerificationKey({ id: 'k1', ...input });
      assert.ok(!parsed.ok);
      assert.equal(parsed.problem.code, code);
      const secret = input.text.replace(/^(?:v\d+a?,)?wh[a-z]+_/, '').trim();
      if (secret.length > 4)
        assert.ok(!parsed.problem.message.includes(secret), 'the message must not hold the secret');
    });
  }
});

describe('signing keys', () => {
  test('the 64-byte, the 32-byte and the PEM form are one key', () => {
    const whole = parseSigningKey(STANDARD_V1A.privateKey);
    const seed = Buffer.from(STANDARD_V1A.privateKey.slice(5), 'base64').subarray(0, 32);
    const short = parseSigningKey(`whsk_${seed.toString('base64')}`);
    assert.ok(whole !== undefined && short !== undefined);
    assert.ok(whole.equals(short));
    const pem = parseSigningKey(whole.export({ type: 'pkcs8', format: 'pem' }).toString());
    assert.ok(pem?.equals(whole));
  });

  test('halves that do not belong together and other text are no key', () => {
    const bytes = Buffer.from(STANDARD_V1A.privateKey.slice(5), 'base64');
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    assert.equal(parseSigningKey(`whsk_${bytes.toString('base64')}`), undefined);
    assert.equal(parseSigningKey(STANDARD.secret), undefined);
    assert.equal(parseSigningKey('whsk_AAAA'), undefined);
  });
});
