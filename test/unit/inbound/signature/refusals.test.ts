import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  SignatureRefusal,
  SignatureSettings,
  SignedRequest,
} from '../../../../src/inbound/signature/types.ts';
import { dummyVerify, verifySignature } from '../../../../src/inbound/signature/verify.ts';
import {
  assertRefused,
  customSettings,
  type HeaderLines,
  key,
  preset,
  request,
  STANDARD,
  STANDARD_NOW,
  STANDARD_V1A,
  standardRequest,
} from './fixtures.ts';

const HEX = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
const SECRET = "It's a Secret to Everybody";
const BODY = 'Hello, World!';

type Case = readonly [refusal: SignatureRefusal, name: string, request: SignedRequest, now?: number];

function table(settings: SignatureSettings, defaultNow: number, cases: readonly Case[]): void {
  for (const [refusal, name, delivery, now] of cases) {
    test(`${refusal}: ${name}`, () =>
      assertRefused(verifySignature(delivery, settings, now ?? defaultNow), refusal));
  }
}

function extra(delivery: SignedRequest, ...lines: readonly string[]): SignedRequest {
  return { ...delivery, rawHeaders: [...delivery.rawHeaders, ...lines] };
}

describe('standard-webhooks', () => {
  const settings = preset('standard-webhooks', key({ scheme: 'standard-webhooks', text: STANDARD.secret }));
  const other = 'v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';
  const base64 = STANDARD.signature.slice(3);
  table(settings, STANDARD_NOW, [
    ['signature-missing', 'no signature header', standardRequest({ signature: undefined })],
    ['timestamp-missing', 'no timestamp header', standardRequest({ timestamp: undefined })],
    ['id-missing', 'no id header', standardRequest({ id: undefined })],
    [
      'signature-repeated',
      'two signature lines',
      extra(standardRequest(), 'Webhook-Signature', STANDARD.signature),
    ],
    [
      'timestamp-repeated',
      'two timestamp lines',
      extra(standardRequest(), 'Webhook-Timestamp', STANDARD.timestamp),
    ],
    ['id-repeated', 'two id lines', extra(standardRequest(), 'Webhook-Id', STANDARD.id)],
    [
      'signature-repeated',
      'svix signature beside',
      extra(standardRequest(), 'svix-signature', STANDARD.signature),
    ],
    ['signature-repeated', 'svix id beside', extra(standardRequest(), 'svix-id', STANDARD.id)],
    [
      'signature-repeated',
      'webhook id beside svix',
      extra(standardRequest({}, STANDARD.body, 'svix'), 'webhook-id', 'x'),
    ],
    ['timestamp-malformed', 'trailing letters', standardRequest({ timestamp: `${STANDARD.timestamp}abc` })],
    ['timestamp-malformed', 'word', standardRequest({ timestamp: 'hello' })],
    ['timestamp-malformed', 'sign', standardRequest({ timestamp: `+${STANDARD.timestamp}` })],
    ['timestamp-malformed', 'fraction', standardRequest({ timestamp: `${STANDARD.timestamp}.0` })],
    ['timestamp-malformed', 'exponent', standardRequest({ timestamp: '16e8' })],
    ['timestamp-malformed', 'empty', standardRequest({ timestamp: '' })],
    ['timestamp-malformed', 'thirteen digits', standardRequest({ timestamp: '1614265330000' })],
    [
      'timestamp-malformed',
      'joined by a proxy',
      standardRequest({ timestamp: `${STANDARD.timestamp}, ${STANDARD.timestamp}` }),
    ],
    ['timestamp-stale', '301 s ago', standardRequest(), STANDARD_NOW + 301_000],
    ['timestamp-stale', '1 ms over the edge', standardRequest(), STANDARD_NOW + 300_001],
    ['timestamp-future', '301 s ahead', standardRequest(), STANDARD_NOW - 301_000],
    ['timestamp-future', 'a year ahead', standardRequest(), STANDARD_NOW - 31_536_000_000],
    ['id-malformed', 'empty', standardRequest({ id: '' })],
    ['id-malformed', 'space', standardRequest({ id: 'msg 1' })],
    ['id-malformed', 'beyond ASCII', standardRequest({ id: 'msg_\u00e9' })],
    ['id-malformed', 'too long', standardRequest({ id: 'm'.repeat(257) })],
    [
      'id-malformed',
      'holds a time, so content could be split in two ways',
      standardRequest({ id: 'msg.1614265330' }),
    ],
    ['id-malformed', 'holds a time and more', standardRequest({ id: 'msg.1614265330.x' })],
    ['signature-malformed', 'empty header', standardRequest({ signature: '' })],
    ['signature-malformed', 'empty signature', standardRequest({ signature: 'v1,' })],
    [
      'signature-malformed',
      'first 8 characters',
      standardRequest({ signature: STANDARD.signature.slice(0, 11) }),
    ],
    ['signature-malformed', 'no version', standardRequest({ signature: base64 })],
    ['signature-malformed', 'no padding', standardRequest({ signature: STANDARD.signature.slice(0, -1) })],
    [
      'signature-malformed',
      'stray trailing bits',
      standardRequest({ signature: `${STANDARD.signature.slice(0, -2)}F=` }),
    ],
    [
      'signature-malformed',
      'base64url',
      standardRequest({ signature: STANDARD.signature.replaceAll('+', '-').replaceAll('/', '_') }),
    ],
    [
      'signature-malformed',
      'hexadecimal',
      standardRequest({ signature: `v1,${Buffer.from(base64, 'base64').toString('hex')}` }),
    ],
    ['signature-version-unsupported', 'only v2', standardRequest({ signature: `v2,${base64}` })],
    [
      'signature-version-unsupported',
      'only v1a, for a shared secret',
      standardRequest({ signature: STANDARD_V1A.signature }),
    ],
    ['signature-version-unsupported', 'upper-case version', standardRequest({ signature: `V1,${base64}` })],
    ['signature-mismatch', 'another signature', standardRequest({ signature: other })],
    ['signature-mismatch', 'another body', standardRequest({}, '{"test": 2432232315}')],
    ['signature-mismatch', 'a space more', standardRequest({}, `${STANDARD.body} `)],
    ['signature-mismatch', 'no body', standardRequest({}, '')],
    ['signature-mismatch', 'another id', standardRequest({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJel' })],
    ['signature-mismatch', 'another time', standardRequest({ timestamp: '1614265331' })],
    [
      'signature-mismatch',
      'a leading zero in the time',
      standardRequest({ timestamp: `0${STANDARD.timestamp}` }),
    ],
    [
      'signature-candidates-exceeded',
      '16 others before ours',
      standardRequest({ signature: `${`${other} `.repeat(16)}${STANDARD.signature}` }),
    ],
    [
      'signature-candidates-exceeded',
      'unknown versions count',
      standardRequest({ signature: `${'v9,x '.repeat(16)}${STANDARD.signature}` }),
    ],
  ]);

  test('the sixteenth signature is still tried', () => {
    const signature = `${`${other} `.repeat(15)}${STANDARD.signature}`;
    assert.ok(verifySignature(standardRequest({ signature }), settings, STANDARD_NOW).ok);
  });

  test('a malformed signature does not hide a good one', () => {
    const signature = `v1,garbage x ${STANDARD.signature}`;
    assert.ok(verifySignature(standardRequest({ signature }), settings, STANDARD_NOW).ok);
  });

  test('a dot in an id is no reason to refuse it, as long as the content reads one way', () => {
    const verdict = verifySignature(standardRequest({ id: 'order.created.7x' }), settings, STANDARD_NOW);
    assertRefused(verdict, 'signature-mismatch');
  });
});

describe('standard-webhooks with a public key only', () => {
  const settings = preset(
    'standard-webhooks',
    key({ scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey }),
  );
  const { signature } = STANDARD_V1A;
  table(settings, STANDARD_NOW, [
    ['signature-version-unsupported', 'only v1', standardRequest()],
    [
      'signature-malformed',
      'v1a of 32 bytes',
      standardRequest({ signature: `v1a,${STANDARD.signature.slice(3)}` }),
    ],
    ['signature-mismatch', 'another body', standardRequest({ signature }, '{}')],
    ['signature-mismatch', 'another id', standardRequest({ signature, id: 'msg_1' })],
  ]);
});

function hub(name: string, value: string, body = BODY): SignedRequest {
  return request([[name, value]], body);
}

describe('websub', () => {
  const name = 'X-Hub-Signature';
  table(preset('websub', key({ scheme: 'websub', text: SECRET })), 0, [
    ['signature-missing', 'no header', request([], BODY)],
    ['signature-missing', 'only the GitHub header', hub('x-hub-signature-256', `sha256=${HEX}`)],
    [
      'signature-repeated',
      'two lines',
      request(
        [
          [name, `sha256=${HEX}`],
          [name.toLowerCase(), `sha256=${HEX}`],
        ],
        BODY,
      ),
    ],
    ['algorithm-refused', 'SHA-1', hub(name, `sha1=${'0'.repeat(40)}`)],
    ['algorithm-refused', 'MD5', hub(name, `md5=${'0'.repeat(32)}`)],
    ['algorithm-refused', 'upper-case method', hub(name, `SHA256=${HEX}`)],
    ['signature-malformed', 'no method', hub(name, HEX)],
    ['signature-malformed', 'empty', hub(name, '')],
    ['signature-malformed', 'empty method', hub(name, `=${HEX}`)],
    ['signature-malformed', 'odd length', hub(name, `sha256=${HEX.slice(1)}`)],
    ['signature-malformed', 'half of the digest', hub(name, `sha256=${HEX.slice(0, 32)}`)],
    ['signature-malformed', 'digest and more', hub(name, `sha256=${HEX}00`)],
    ['signature-malformed', 'upper-case hexadecimal', hub(name, `sha256=${HEX.toUpperCase()}`)],
    ['signature-malformed', 'mixed case', hub(name, `sha256=${HEX.replace('e', 'E')}`)],
    ['signature-malformed', 'length of another method', hub(name, `sha512=${HEX}`)],
    ['signature-malformed', 'two values', hub(name, `sha256=${HEX}, sha256=${HEX}`)],
    ['signature-mismatch', 'another body', hub(name, `sha256=${HEX}`, 'Hello, World?')],
  ]);
});

describe('github', () => {
  const name = 'X-Hub-Signature-256';
  table(preset('github', key({ scheme: 'github', text: SECRET })), 0, [
    ['signature-missing', 'only the SHA-1 header', hub('x-hub-signature', `sha256=${HEX}`)],
    [
      'signature-repeated',
      'two lines',
      request(
        [
          [name, `sha256=${HEX}`],
          [name, `sha256=${HEX}`],
        ],
        BODY,
      ),
    ],
    ['algorithm-refused', 'SHA-1', hub(name, `sha1=${'0'.repeat(40)}`)],
    ['algorithm-refused', 'SHA-512', hub(name, `sha512=${'0'.repeat(128)}`)],
    ['signature-malformed', 'bare digest', hub(name, HEX)],
    ['signature-malformed', 'upper-case hexadecimal', hub(name, `sha256=${HEX.toUpperCase()}`)],
    ['signature-mismatch', 'another digest', hub(name, `sha256=${HEX.replaceAll('7', '8')}`)],
  ]);
});

describe('medplum', () => {
  table(preset('medplum', key({ scheme: 'medplum', text: SECRET })), 0, [
    ['signature-missing', 'no header', request([], BODY)],
    [
      'signature-repeated',
      'two lines',
      request(
        [
          ['x-signature', HEX],
          ['x-signature', HEX],
        ],
        BODY,
      ),
    ],
    ['signature-malformed', 'prefix', hub('x-signature', `sha256=${HEX}`)],
    ['signature-malformed', 'upper case', hub('x-signature', HEX.toUpperCase())],
    ['signature-mismatch', 'another body', hub('x-signature', HEX, '{}')],
  ]);
});

describe('stripe', () => {
  const hex = '248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a';
  const now = 1_700_000_000_000;
  const stripe = (header: string, body = '{"id":"evt_1"}') => request([['Stripe-Signature', header]], body);
  table(preset('stripe', key({ scheme: 'stripe', text: 'whsec_test_secret' })), now, [
    ['signature-missing', 'no header', request([], BODY)],
    [
      'signature-repeated',
      'two lines',
      extra(stripe(`t=1700000000,v1=${hex}`), 'stripe-signature', `t=1700000000,v1=${hex}`),
    ],
    ['timestamp-missing', 'no t', stripe(`v1=${hex}`)],
    ['timestamp-repeated', 'two t', stripe(`t=1700000000,t=1700000000,v1=${hex}`)],
    ['timestamp-malformed', 'trailing letters', stripe(`t=1700000000abc,v1=${hex}`)],
    ['timestamp-malformed', 'empty', stripe(`t=,v1=${hex}`)],
    ['timestamp-stale', '301 s ago', stripe(`t=1700000000,v1=${hex}`), now + 301_000],
    ['timestamp-future', 'a year ahead', stripe(`t=1700000000,v1=${hex}`), now - 31_536_000_000],
    ['signature-version-unsupported', 'only v0', stripe(`t=1700000000,v0=${hex}`)],
    ['signature-malformed', 'only t', stripe('t=1700000000')],
    ['signature-malformed', 'an element without a name', stripe(`t=1700000000,v1=${hex},=x`)],
    ['signature-malformed', 'an element without a value', stripe(`t=1700000000,v1=${hex},x`)],
    ['signature-malformed', 'upper case', stripe(`t=1700000000,v1=${hex.toUpperCase()}`)],
    ['signature-malformed', 'short', stripe(`t=1700000000,v1=${hex.slice(2)}`)],
    ['signature-mismatch', 'another time', stripe(`t=1700000001,v1=${hex}`)],
    ['signature-mismatch', 'another body', stripe(`t=1700000000,v1=${hex}`, '{"id":"evt_2"}')],
    [
      'signature-candidates-exceeded',
      '17 signatures',
      stripe(`t=1700000000${`,v1=${'0'.repeat(64)}`.repeat(16)},v1=${hex}`),
    ],
  ]);

  test('the secret is the whole text: its decoded form does not match', () => {
    const decoded = preset('stripe', key({ scheme: 'stripe', text: 'dGVzdF9zZWNyZXQ=', encoding: 'base64' }));
    assertRefused(verifySignature(stripe(`t=1700000000,v1=${hex}`), decoded, now), 'signature-mismatch');
  });
});

describe('slack', () => {
  const digest = 'a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
  const now = 1_531_420_618_000;
  const slack = (signature: string, timestamp = '1531420618') =>
    request(
      [
        ['X-Slack-Signature', signature],
        ['X-Slack-Request-Timestamp', timestamp],
      ],
      BODY,
    );
  table(preset('slack', key({ scheme: 'slack', text: '8f742231b10e8888abcd99yyyzzz85a5' })), now, [
    ['signature-missing', 'no header', request([['X-Slack-Request-Timestamp', '1531420618']], BODY)],
    ['timestamp-missing', 'no time', request([['X-Slack-Signature', `v0=${digest}`]], BODY)],
    ['signature-repeated', 'two lines', extra(slack(`v0=${digest}`), 'x-slack-signature', `v0=${digest}`)],
    [
      'timestamp-repeated',
      'two times',
      extra(slack(`v0=${digest}`), 'x-slack-request-timestamp', '1531420618'),
    ],
    ['timestamp-malformed', 'letters', slack(`v0=${digest}`, '1531420618x')],
    ['timestamp-stale', '301 s ago', slack(`v0=${digest}`), now + 301_000],
    ['timestamp-future', '301 s ahead', slack(`v0=${digest}`), now - 301_000],
    ['signature-version-unsupported', 'v1', slack(`v1=${digest}`)],
    ['signature-malformed', 'bare digest', slack(digest)],
    ['signature-malformed', 'upper case', slack(`v0=${digest.toUpperCase()}`)],
    ['signature-mismatch', 'another body', slack(`v0=${digest}`)],
  ]);
});

describe('custom', () => {
  const digest = '41d11b755f758941674d5ee819f79ea4cbb42dca1284fb3907bb8c387aa78a59';
  const now = 1_700_000_000_000;
  const keys = [key({ scheme: 'custom', text: 'custom-secret-0123456789' })];
  const settings = customSettings(keys, {
    timestampHeader: 'X-Time',
    prefix: 's=',
    content: '{timestamp},{body}',
  });
  const custom = (signature: string, timestamp = '1700000000', ...more: HeaderLines) =>
    request([['X-Sig', signature], ['X-Time', timestamp], ...more], '{"x":1}');
  table(settings, now, [
    ['signature-missing', 'no header', request([['X-Time', '1700000000']], BODY)],
    ['signature-repeated', 'two lines', custom(`s=${digest}`, '1700000000', ['x-sig', 's='])],
    ['timestamp-missing', 'no time', request([['X-Sig', `s=${digest}`]], BODY)],
    ['timestamp-repeated', 'two times', custom(`s=${digest}`, '1700000000', ['x-time', '1700000000'])],
    ['timestamp-malformed', 'letters', custom(`s=${digest}`, '1700000000abc')],
    ['timestamp-malformed', 'milliseconds for seconds', custom(`s=${digest}`, '1700000000000')],
    ['timestamp-stale', '301 s ago', custom(`s=${digest}`), now + 301_000],
    ['timestamp-future', '301 s ahead', custom(`s=${digest}`), now - 301_000],
    ['signature-malformed', 'no prefix', custom(digest)],
    ['signature-malformed', 'mixed case', custom(`s=${digest.replace('d', 'D')}`)],
    ['signature-malformed', 'short', custom(`s=${digest.slice(2)}`)],
    ['signature-mismatch', 'another time', custom(`s=${digest}`, '1700000001')],
  ]);

  const withId = customSettings(keys, { idHeader: 'X-Id', content: '{id}.{body}' });
  table(withId, now, [
    ['id-missing', 'no id', custom(digest)],
    ['id-repeated', 'two ids', custom(digest, '', ['x-id', '1'], ['X-ID', '1'])],
    ['id-malformed', 'space', custom(digest, '', ['x-id', 'a b'])],
  ]);

  table(customSettings(keys, { content: '{timestamp}' }), now, [
    ['component-not-covered', 'a template without the body', custom(digest)],
  ]);
  table(customSettings(keys, { content: '{timestamp}.{body}' }), now, [
    ['component-missing', 'a template with a time that no header holds', custom(digest)],
  ]);
});

test('without keys nothing is accepted, whatever the scheme', () => {
  for (const scheme of ['standard-webhooks', 'websub', 'github', 'medplum', 'stripe', 'slack'] as const) {
    assertRefused(verifySignature(standardRequest(), preset(scheme), STANDARD_NOW), 'signature-mismatch');
  }
});

test('a public key is no shared secret to a scheme that has no other', () => {
  const settings = preset('github', key({ scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey }));
  assertRefused(
    verifySignature(hub('x-hub-signature-256', `sha256=${HEX}`), settings, 0),
    'signature-mismatch',
  );
});

test('the work for an unknown source says nothing', () => {
  assert.equal(dummyVerify(Buffer.from(BODY)), undefined);
});
