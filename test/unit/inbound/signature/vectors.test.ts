import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { hmacOf } from '../../../../src/inbound/signature/match-keys.ts';
import { verifySignature } from '../../../../src/inbound/signature/verify.ts';
import {
  assertAccepted,
  customSettings,
  key,
  preset,
  request,
  STANDARD,
  STANDARD_NOW,
  STANDARD_V1A,
  standardRequest,
} from './fixtures.ts';

/** Digests are literals: published where a source is named, else made with Python's hmac module. */

describe('HMAC', () => {
  const cases: readonly [name: string, secret: string, data: string, hex: string][] = [
    [
      'RFC 4231 case 2',
      'Jefe',
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'stripe-node, empty',
      'test_secret',
      '',
      'f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd',
    ],
    [
      'stripe-node, JSON',
      'test_secret',
      '{"obj1":"hello","obj2":"world"}',
      'bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363',
    ],
    [
      'stripe-node, emoji',
      'test_secret',
      '\u{1F600}',
      '837da296d05c4fe31f61d5d7ead035099d9585a5bcde87de952012a78f0b0c43',
    ],
    [
      'Hook0 v0',
      'a-subscription-secret',
      '1800000000.{"event":"user.created"}',
      'd17d66b66fca89390c5b967c45e8928fc732db07a0aabe8167b1e98213081ffe',
    ],
  ];
  for (const [name, secret, data, hex] of cases) {
    test(name, () => {
      const bytes = Buffer.from(data, 'utf8');
      const digest = hmacOf('sha256', createSecretKey(Buffer.from(secret)), [
        bytes.subarray(0, 3),
        '',
        bytes.subarray(3),
      ]);
      assert.equal(digest.toString('hex'), hex);
    });
  }
});

describe('standard-webhooks', () => {
  const settings = preset('standard-webhooks', key({ scheme: 'standard-webhooks', text: STANDARD.secret }));
  const accepted = { keyId: 'k1', signedAt: STANDARD_NOW, signedId: STANDARD.id };

  test('vector of the JavaScript library, under both header families', () => {
    assertAccepted(verifySignature(standardRequest(), settings, STANDARD_NOW), accepted);
    assertAccepted(
      verifySignature(standardRequest({}, STANDARD.body, 'svix'), settings, STANDARD_NOW),
      accepted,
    );
  });

  test('vector of the Rust library', () => {
    const own = preset(
      'standard-webhooks',
      key({ scheme: 'standard-webhooks', text: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' }),
    );
    const delivery = standardRequest(
      {
        id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
        timestamp: '1649367553',
        signature: 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
      },
      '{"email":"test@example.com","username":"test_user"}',
    );
    assertAccepted(verifySignature(delivery, own, 1_649_367_553_000), {
      signedId: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
    });
  });

  test('several signatures, the last of them ours', () => {
    const other = 'Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';
    const signature = `v1,${other} v2,${other} ${STANDARD.signature} ${STANDARD_V1A.signature}`;
    assertAccepted(verifySignature(standardRequest({ signature }), settings, STANDARD_NOW), accepted);
  });

  test('v1a vector of the Svix server', () => {
    const own = preset(
      'standard-webhooks',
      key({ scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey }),
    );
    const { signature } = STANDARD_V1A;
    assertAccepted(verifySignature(standardRequest({ signature }), own, STANDARD_NOW), accepted);
  });

  test('a body with a byte order mark and one in Latin-1 are what they are', () => {
    const marked = Buffer.concat([Buffer.from('efbbbf', 'hex'), Buffer.from(STANDARD.body)]);
    const latin1 = Buffer.from('{"name":"Andr\u00e9"}', 'latin1');
    const bom = standardRequest({ signature: 'v1,rIYc6bjlDvbOpgBWfFEGWzkph/t4bozFkbYKpr4RwTc=' }, marked);
    const text = standardRequest({ signature: 'v1,/P0+1KEVYvi/x5QSkQbQzPW9sAirr4vxQAP3m8BDZu8=' }, latin1);
    assertAccepted(verifySignature(bom, settings, STANDARD_NOW));
    assertAccepted(verifySignature(text, settings, STANDARD_NOW));
  });

  test('the edges of the window belong to it', () => {
    assertAccepted(verifySignature(standardRequest(), settings, STANDARD_NOW + 300_000));
    assertAccepted(verifySignature(standardRequest(), settings, STANDARD_NOW - 300_000));
  });
});

describe('hub signatures', () => {
  const github: readonly [secret: string, body: string, hex: string][] = [
    [
      "It's a Secret to Everybody",
      'Hello, World!',
      '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    ],
    ['mysecret', '{"foo":"bar"}', '4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3'],
  ];
  for (const [secret, body, hex] of github) {
    test(`GitHub and WebSub, secret "${secret}"`, () => {
      const asGitHub = request(
        [
          ['X-Hub-Signature-256', `sha256=${hex}`],
          ['X-Hub-Signature', 'sha1=0'],
        ],
        body,
      );
      const asWebSub = request([['X-Hub-Signature', `sha256=${hex}`]], body);
      assertAccepted(verifySignature(asGitHub, preset('github', key({ scheme: 'github', text: secret })), 0));
      assertAccepted(verifySignature(asWebSub, preset('websub', key({ scheme: 'websub', text: secret })), 0));
    });
  }

  const body = '{"resourceType":"Patient","id":"example"}\n ';
  const websub: readonly [method: string, hex: string][] = [
    ['sha256', 'b5bfc1dcd94be6d48a99ea7fed907598211c332bca3278a23ecad78d21ef9eee'],
    [
      'sha384',
      '0d62370f0f7ffb7da5da4703b41c6dc81f2894170b28017edc6de0a5b6906907ff1ecf5a4b244c605e621d3c1ea0609e',
    ],
    [
      'sha512',
      '92d93ada2841f2eec8e3e15fbb9b64f450d52d2a6983756f5863fa16bf626f14c96cba8fe04716253f11c400df0483135fb488e2654a83a12a000e19ebb3edd1',
    ],
  ];
  for (const [method, hex] of websub) {
    test(`WebSub ${method}`, () => {
      const settings = preset('websub', key({ scheme: 'websub', text: 'websub-hub-secret' }));
      const verdict = verifySignature(request([['x-hub-signature', `${method}=${hex}`]], body), settings, 5);
      assertAccepted(verdict, { keyId: 'k1', signedAt: undefined, signedId: undefined });
    });
  }

  const exact: readonly [body: string, hex: string][] = [
    ['{"a":1}', '30e34cff87f58e8e8d04e14339fb3b24ed7a94d80b93cd39884316370f6345f9'],
    ['{"a":1} ', '60afdfa64f26162a516d1d68a72d5b266e8068a98e3b97fd9df706db4ac098d8'],
    ['{"a":1}\n', '3f5bb4a259db4cb420cc1fc6dacd6534acc64990f03778390c11c0203a757080'],
  ];
  for (const [content, hex] of exact) {
    test(`white space counts: ${JSON.stringify(content)}`, () => {
      const settings = preset('websub', key({ scheme: 'websub', text: 'athena' }));
      for (const [other] of exact) {
        const verdict = verifySignature(request([['x-hub-signature', `sha256=${hex}`]], other), settings, 0);
        assert.equal(verdict.ok, other === content);
      }
    });
  }
});

test('medplum', () => {
  const settings = preset('medplum', key({ scheme: 'medplum', text: 'medplum-subscription-secret' }));
  const hex = '4c2e47f1adaff142e53b4d79f05b56a3188cc2d5589d2eb0bd31c241e3592748';
  const delivery = request([['X-Signature', hex]], '{"resourceType":"Patient","id":"example"}\n ');
  assertAccepted(verifySignature(delivery, settings, 0), { signedAt: undefined, signedId: undefined });
});

describe('stripe', () => {
  const settings = preset('stripe', key({ scheme: 'stripe', text: 'whsec_test_secret' }));
  const hex = '248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a';

  test('several v1, with v0 and unknown names beside them', () => {
    const header = `t=1700000000,v0=${'0'.repeat(64)},v1=${'0'.repeat(64)},v1=${hex},v9=x`;
    const verdict = verifySignature(
      request([['Stripe-Signature', header]], '{"id":"evt_1"}'),
      settings,
      1_700_000_300_000,
    );
    assertAccepted(verdict, { signedAt: 1_700_000_000_000, signedId: undefined });
  });

  test('a body with a byte order mark', () => {
    const header = 't=1700000000,v1=c4618465e9eef32a80737c6a6c3c2b28fccea6b9edcde8ec7862efaaf1621dc3';
    const body = Buffer.concat([Buffer.from('efbbbf', 'hex'), Buffer.from('{"id":"evt_1"}')]);
    assertAccepted(
      verifySignature(request([['stripe-signature', header]], body), settings, 1_700_000_000_000),
    );
  });
});

test('slack: the worked example of its documentation', () => {
  const settings = preset('slack', key({ scheme: 'slack', text: '8f742231b10e8888abcd99yyyzzz85a5' }));
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
    '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com' +
    '%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const delivery = request(
    [
      ['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
      ['X-Slack-Request-Timestamp', '1531420618'],
    ],
    body,
  );
  assertAccepted(verifySignature(delivery, settings, 1_531_420_618_000), { signedAt: 1_531_420_618_000 });
});

describe('custom', () => {
  test('Convoy, simple form', () => {
    const settings = customSettings([key({ scheme: 'custom', text: 'convoy-webhook-secret' })], {
      header: 'X-Convoy-Signature',
    });
    const body = '{"event":"charge.success","amount":1000,"currency":"NGN"}';
    const hex = '244449b7f48cbc2709060c9dcdc2b3aa47a78f540430579015c579fb12defbb4';
    assertAccepted(verifySignature(request([['x-convoy-signature', hex]], body), settings, 0));
    assertAccepted(verifySignature(request([['x-convoy-signature', hex.toUpperCase()]], body), settings, 0));
  });

  test('every placeholder, milliseconds, SHA-512 in base64url with and without padding', () => {
    const settings = customSettings([key({ scheme: 'custom', text: 'custom-secret-0123456789' })], {
      algorithm: 'sha512',
      encoding: 'base64url',
      prefix: 'sig=',
      timestampHeader: 'X-Time',
      timestampUnit: 'milliseconds',
      idHeader: 'X-Id',
      content: '{method}\n{path}\n{timestamp}\n{id}\n{body}',
    });
    const digest = '2ZOi9kwMrVw1WCeFMvCcD-E9-yF380UoikirCfm0ik6SEJRbDhrwW1sK0hhs__z5I7Irr8KSZwGYk8VysErbOQ';
    for (const text of [digest, `${digest}==`]) {
      const lines = [
        ['x-sig', `sig=${text}`],
        ['x-time', '1700000000123'],
        ['x-id', 'evt-1'],
      ] as const;
      const verdict = verifySignature(
        request(lines, '{"x":1}', { target: '/webhooks/mercy/ehr?a=b' }),
        settings,
        1_700_000_000_000,
      );
      assertAccepted(verdict, { signedAt: 1_700_000_000_123, signedId: 'evt-1' });
    }
  });

  test('seconds and base64', () => {
    const settings = customSettings([key({ scheme: 'custom', text: 'custom-secret-0123456789' })], {
      timestampHeader: 'x-time',
      content: '{timestamp},{body}',
    });
    const lines = [
      ['x-sig', '41d11b755f758941674d5ee819f79ea4cbb42dca1284fb3907bb8c387aa78a59'],
      ['x-time', '1700000000'],
    ] as const;
    assertAccepted(verifySignature(request(lines, '{"x":1}'), settings, 1_700_000_000_000));
  });
});
