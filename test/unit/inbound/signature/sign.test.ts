import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { customSchemeProblems } from '../../../../src/inbound/signature/custom-template.ts';
import { type SigningInput, signRequest } from '../../../../src/inbound/signature/sign.ts';
import { parseSigningKey } from '../../../../src/inbound/signature/signing-key.ts';
import type { SignatureSettings } from '../../../../src/inbound/signature/types.ts';
import { verifySignature } from '../../../../src/inbound/signature/verify.ts';
import {
  assertAccepted,
  customSettings,
  key,
  messageSettings,
  preset,
  STANDARD,
  STANDARD_NOW,
  STANDARD_V1A,
} from './fixtures.ts';

const BODY = Buffer.from(STANDARD.body);
const HOST = { host: 'gateway.example:8443', 'content-type': 'application/fhir+json' };

function input(settings: SignatureSettings, changes: Partial<SigningInput> = {}): SigningInput {
  return {
    settings,
    method: 'POST',
    target: '/webhooks/mercy/ehr?x=1',
    body: BODY,
    now: STANDARD_NOW,
    id: STANDARD.id,
    headers: HOST,
    ...changes,
  };
}

function roundTrip(signing: SigningInput): void {
  const headers = { ...HOST, ...signRequest(signing) };
  const { method, target, body } = signing;
  assertAccepted(
    verifySignature(
      { method, target, body, rawHeaders: Object.entries(headers).flat() },
      signing.settings,
      signing.now,
    ),
  );
}

describe('published values are made again', () => {
  test('standard-webhooks v1 and v1a', () => {
    const v1 = preset('standard-webhooks', key({ scheme: 'standard-webhooks', text: STANDARD.secret }));
    assert.deepEqual(signRequest(input(v1)), {
      'webhook-id': STANDARD.id,
      'webhook-timestamp': STANDARD.timestamp,
      'webhook-signature': STANDARD.signature,
    });
    const v1a = preset(
      'standard-webhooks',
      key({ scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey }),
    );
    const privateKey = parseSigningKey(STANDARD_V1A.privateKey);
    assert.equal(signRequest(input(v1a, { privateKey }))['webhook-signature'], STANDARD_V1A.signature);
  });

  test('github', () => {
    const settings = preset('github', key({ scheme: 'github', text: 'mysecret' }));
    assert.deepEqual(signRequest(input(settings, { body: Buffer.from('{"foo":"bar"}') })), {
      'x-hub-signature-256': 'sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3',
    });
  });

  test('stripe', () => {
    const settings = preset('stripe', key({ scheme: 'stripe', text: 'whsec_test_secret' }));
    const signing = input(settings, { body: Buffer.from('{"id":"evt_1"}'), now: 1_700_000_000_999 });
    assert.deepEqual(signRequest(signing), {
      'stripe-signature': 't=1700000000,v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a',
    });
  });

  test('custom', () => {
    const settings = customSettings([key({ scheme: 'custom', text: 'custom-secret-0123456789' })], {
      algorithm: 'sha512',
      encoding: 'base64url',
      prefix: 'sig=',
      timestampHeader: 'X-Time',
      timestampUnit: 'milliseconds',
      idHeader: 'X-Id',
      content: '{method}\n{path}\n{timestamp}\n{id}\n{body}',
    });
    const headers = signRequest(
      input(settings, { body: Buffer.from('{"x":1}'), now: 1_700_000_000_123, id: 'evt-1' }),
    );
    assert.deepEqual(headers, {
      'x-time': '1700000000123',
      'x-id': 'evt-1',
      'x-sig': 'sig=2ZOi9kwMrVw1WCeFMvCcD-E9-yF380UoikirCfm0ik6SEJRbDhrwW1sK0hhs__z5I7Irr8KSZwGYk8VysErbOQ',
    });
  });
});

describe('what is signed is accepted', () => {
  for (const scheme of ['websub', 'github', 'medplum', 'stripe', 'slack'] as const) {
    test(scheme, () => roundTrip(input(preset(scheme, key({ scheme, text: 'a shared secret' })))));
  }
  const components = [
    '@method',
    '@target-uri',
    '@authority',
    '@path',
    '@query',
    '@query-param;name="x"',
    'content-type',
  ];

  test('http-message-signatures by hmac-sha256', () => {
    roundTrip(
      input(
        messageSettings([key({ scheme: 'http-message-signatures', text: 'a shared secret' })], components),
      ),
    );
  });

  test('http-message-signatures by ed25519', () => {
    const settings = messageSettings(
      [key({ scheme: 'http-message-signatures', text: STANDARD_V1A.publicKey })],
      components,
    );
    roundTrip(input(settings, { privateKey: parseSigningKey(STANDARD_V1A.privateKey) }));
  });

  test('with the key that is asked for, and with the valid one where none is', () => {
    const scheme = 'standard-webhooks';
    const old = key({
      scheme,
      id: 'old',
      text: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
      notAfter: STANDARD_NOW,
    });
    const settings = preset(scheme, old, key({ scheme, id: 'new', text: STANDARD.secret }));
    assert.equal(signRequest(input(settings))['webhook-signature'], STANDARD.signature);
    assert.equal(signRequest(input(settings, { keyId: 'new' }))['webhook-signature'], STANDARD.signature);
    assert.notEqual(signRequest(input(settings, { keyId: 'old' }))['webhook-signature'], STANDARD.signature);
  });
});

describe('what cannot be signed is said', () => {
  const publicOnly = preset(
    'standard-webhooks',
    key({ scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey }),
  );

  test('without a usable key', () => {
    const missing = { code: 'signing-key-missing' };
    assert.throws(() => signRequest(input(publicOnly)), missing);
    assert.throws(() => signRequest(input(publicOnly, { keyId: 'nobody' })), missing);
    assert.throws(() => signRequest(input(preset('github'))), missing);
  });

  test('without a component', () => {
    const settings = messageSettings([key({ scheme: 'http-message-signatures', text: 's' })], ['x-absent']);
    assert.throws(() => signRequest(input(settings)), { code: 'signing-component-missing' });
  });
});

describe('custom schemes that cannot be used', () => {
  const problems = (changes: Parameters<typeof customSettings>[1]) =>
    customSchemeProblems(customSettings([], changes).custom);

  test('a sound one has no problem', () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(
      problems({
        timestampHeader: 'X-T',
        idHeader: 'X-I',
        content: 'v0:{timestamp}:{id}\n{method} {path}\n{body}',
      }),
      [],
    );
  });

  const cases: readonly [RegExp, Parameters<typeof customSettings>[1]][] = [
    [/does not sign the body/, { content: 'x' }],
    [/holds \{nonce\}/, { content: '{nonce}.{body}' }],
    [/touching placeholders/, { content: '{method}{body}' }],
    [/outside ASCII/, { content: '\u00a7{body}' }],
    [/set timestampHeader/, { content: '{timestamp}.{body}' }],
    [/set idHeader/, { content: '{id}.{body}' }],
    [/timestampHeader is set but not signed/, { timestampHeader: 'x-time' }],
    [/idHeader is set but not signed/, { idHeader: 'x-id' }],
    [/header name is malformed/, { header: 'X Sig:' }],
  ];
  for (const [message, changes] of cases) {
    test(String(message), () => {
      const found = problems(changes);
      assert.equal(found.length, 1, found.join('; '));
      assert.match(found[0] ?? '', message);
    });
  }
});
