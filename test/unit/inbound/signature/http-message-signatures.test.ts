import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { type InnerList, parseDictionary } from 'structured-headers';
import { contentDigest, contentDigestRefusal } from '../../../../src/inbound/signature/content-digest.ts';
import { hmacOf } from '../../../../src/inbound/signature/match-keys.ts';
import { signatureBase } from '../../../../src/inbound/signature/signature-base.ts';
import type { SignatureRefusal, SignedRequest } from '../../../../src/inbound/signature/types.ts';
import { verifySignature } from '../../../../src/inbound/signature/verify.ts';
import {
  assertAccepted,
  assertRefused,
  type HeaderLines,
  key,
  messageSettings,
  RFC9421,
  STANDARD_V1A,
} from './fixtures.ts';

const SCHEME = 'http-message-signatures';
const CREATED = 1_618_884_473;
const NOW = CREATED * 1000;
const BODY = '{"hello": "world"}';
const SHA512 =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
const SHA256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:';
const shared = key({
  scheme: SCHEME,
  id: 'test-shared-secret',
  text: RFC9421.sharedSecret,
  encoding: 'base64',
});
const ed25519 = key({ scheme: SCHEME, id: 'test-key-ed25519', text: RFC9421.ed25519 });

/** The test request of RFC 9421 appendix B.2. */
const RFC_LINES: HeaderLines = [
  ['Host', 'example.com'],
  ['Date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
  ['Content-Type', 'application/json'],
  ['Content-Digest', SHA512],
  ['Content-Length', '18'],
];

function rfcRequest(
  lines: HeaderLines = [],
  base: HeaderLines = RFC_LINES,
  body: string | Buffer = BODY,
): SignedRequest {
  return {
    method: 'POST',
    target: '/foo?param=Value&Pet=dog',
    rawHeaders: [...base, ...lines].flat(),
    body: Buffer.from(body),
  };
}

function innerList(field: string): InnerList {
  const [member] = [...parseDictionary(field).values()];
  assert.ok(member !== undefined && Array.isArray(member[0]));
  return member as InnerList;
}

function baseOf(
  field: string,
  request: SignedRequest = rfcRequest(),
  scheme: 'https' | 'http' = 'https',
): string {
  const base = signatureBase(request, innerList(field), scheme);
  assert.ok(typeof base !== 'string', String(base));
  return base.text;
}

describe('signature base, against RFC 9421', () => {
  test('B.2.5, hmac-sha256', () => {
    const text = baseOf(
      'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    );
    assert.equal(
      text,
      '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n' +
        '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    );
    assert.ok(shared.material.kind === 'hmac');
    const digest = hmacOf('sha256', shared.material.key, [text]).toString('base64');
    assert.equal(digest, 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
  });

  test('B.2.6, ed25519', () => {
    const text = baseOf(
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    );
    assert.equal(
      text,
      '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n' +
        '"content-type": application/json\n"content-length": 18\n' +
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    );
    assert.ok(ed25519.material.kind === 'ed25519');
    const signature =
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==';
    assert.ok(verify(null, Buffer.from(text), ed25519.material.publicKey, Buffer.from(signature, 'base64')));
  });

  const target =
    '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something';
  const lines: readonly [component: string, value: string][] = [
    ['"@query-param";name="var"', 'this%20is%20a%20big%0Amultiline%20value'],
    ['"@query-param";name="bar"', 'with%20plus%20whitespace'],
    ['"@query-param";name="fa%C3%A7ade%22%3A%20"', 'something'],
    ['"@path"', '/parameters'],
    ['"@query"', target.slice('/parameters'.length)],
    ['"@request-target"', target],
    ['"@scheme"', 'https'],
    ['"@target-uri"', `https://example.com${target}`],
    ['"x-empty-header"', ''],
    ['"x-list"', 'one, two words'],
  ];
  for (const [component, value] of lines) {
    test(`§2.1 and §2.2: ${component}`, () => {
      const head = rfcRequest([
        ['X-Empty-Header', ''],
        ['X-List', ' one\t'],
        ['x-list', 'two\r\n words '],
      ]);
      assert.equal(
        baseOf(`s=(${component})`, { ...head, target }),
        `${component}: ${value}\n"@signature-params": (${component})`,
      );
    });
  }

  const authorities: readonly [host: string, scheme: 'https' | 'http', value: string][] = [
    ['WWW.Example.COM', 'https', 'www.example.com'],
    ['example.com:443', 'https', 'example.com'],
    ['example.com:8443', 'https', 'example.com:8443'],
    ['example.com:80', 'http', 'example.com'],
    ['example.com:443', 'http', 'example.com:443'],
  ];
  for (const [host, scheme, value] of authorities) {
    test(`§2.2.3: ${host} by ${scheme}`, () => {
      const text = baseOf('s=("@authority")', rfcRequest([], [['host', host]]), scheme);
      assert.equal(text.split('\n')[0], `"@authority": ${value}`);
    });
  }

  test('§2.2.7: an absent query is a question mark', () => {
    assert.equal(baseOf('s=("@query")', { ...rfcRequest(), target: '/path' }).split('\n')[0], '"@query": ?');
  });
});

/** Signed with Python's hmac module over a base written out by hand. */
const FULL_INPUT =
  'sig1=("@method" "@target-uri" "content-digest" "content-type");created=1618884473;keyid="test-shared-secret"';
const FULL_SIGNATURE = 'sig1=:oQMes0QS9EqFePfvkmcYWC7Yw9UXIfJBICkxe9Oh2E0=:';
/** Signed with OpenSSL and the private key of RFC 9421 B.1.4 over a base written out by hand. */
const ED_INPUT =
  'sig1=("@method" "@path" "@query" "@authority" "content-digest");created=1618884473;expires=1618884773;keyid="test-key-ed25519";alg="ed25519"';
const ED_SIGNATURE =
  'sig1=:7EPjZymXztO9R/trtKUdzpycSGZh+BfChUEutGxOwER31gv7Dry0BDWolLG+G6ucZvXelmUuSJ4TetL4QOZTAQ==:';

function signed(input = FULL_INPUT, signature = FULL_SIGNATURE): SignedRequest {
  return rfcRequest([
    ['Signature-Input', input],
    ['Signature', signature],
  ]);
}

function signedByEd25519(input = ED_INPUT): SignedRequest {
  const lines = RFC_LINES.map(([name, value]) => [name, name === 'Content-Digest' ? SHA256 : value] as const);
  return rfcRequest(
    [
      ['Signature-Input', input],
      ['Signature', ED_SIGNATURE],
    ],
    lines,
  );
}

describe('accepted', () => {
  test('hmac-sha256 with sha-512 content digest', () => {
    const verdict = verifySignature(
      signed(),
      messageSettings([shared], ['@method', '@target-uri', 'content-digest']),
      NOW,
    );
    assertAccepted(verdict, { keyId: 'test-shared-secret', signedAt: NOW, signedId: undefined });
  });

  test('ed25519 with sha-256 content digest, alg and expires', () => {
    assertAccepted(verifySignature(signedByEd25519(), messageSettings([shared, ed25519]), NOW), {
      keyId: 'test-key-ed25519',
    });
  });

  test('a keyid that is none of ours: every key is tried', () => {
    const renamed = { ...shared, id: 'k1' };
    assertAccepted(verifySignature(signed(), messageSettings([ed25519, renamed]), NOW), { keyId: 'k1' });
  });

  test('the second of two labels', () => {
    const input = `proxy=("@method");created=1618884473, ${FULL_INPUT}`;
    const signature = `proxy=:AAAA:, ${FULL_SIGNATURE}`;
    assertAccepted(verifySignature(signed(input, signature), messageSettings([shared]), NOW));
  });

  test('senders that post to http, several lines of a covered field, a query parameter', () => {
    const settings = {
      ...messageSettings([key({ scheme: SCHEME, text: 'hub-secret' })], ['@query-param;name="a"']),
      publicScheme: 'http' as const,
    };
    const components =
      '("@scheme" "@target-uri" "@request-target" "@query-param";name="a" "x-list" "content-digest")';
    const lines: HeaderLines = [
      ['Host', '127.0.0.1:8080'],
      ['X-List', 'one'],
      ['X-List', 'two'],
      ['Content-Digest', SHA256],
      ['Signature-Input', `s=${components};created=1618884473`],
      ['Signature', 's=:8S23c9LjYPZQ/bk+LnG5zI9nv65pRbcESJQymzyKdcs=:'],
    ];
    assertAccepted(verifySignature({ ...rfcRequest([], lines), target: '/hooks?a=1' }, settings, NOW));
  });
});

describe('refused', () => {
  const zeros = `sig1=:${Buffer.alloc(32).toString('base64')}:`;
  const with_ = (parameters: string) => signed(`sig1=("@method" "content-digest")${parameters}`);
  const covering = (components: string) =>
    signed(`sig1=("content-digest" ${components});created=1618884473`, zeros);
  const many = (item: string) => Array.from({ length: 17 }, (_, index) => `s${index}=${item}`).join(', ');
  const cases: readonly [SignatureRefusal, string, SignedRequest, number?][] = [
    ['signature-missing', 'no Signature', rfcRequest([['Signature-Input', FULL_INPUT]])],
    ['signature-missing', 'no Signature-Input', rfcRequest([['Signature', FULL_SIGNATURE]])],
    [
      'signature-repeated',
      'two Signature lines',
      rfcRequest([
        ['Signature-Input', FULL_INPUT],
        ['Signature', FULL_SIGNATURE],
        ['signature', FULL_SIGNATURE],
      ]),
    ],
    [
      'signature-repeated',
      'two Signature-Input lines',
      rfcRequest([
        ['Signature-Input', FULL_INPUT],
        ['signature-input', FULL_INPUT],
        ['signature', FULL_SIGNATURE],
      ]),
    ],
    ['signature-malformed', 'not structured', signed('sig1=(')],
    ['signature-malformed', 'not an inner list', signed('sig1="x"')],
    ['signature-malformed', 'not a byte sequence', signed(FULL_INPUT, 'sig1="x"')],
    ['signature-malformed', 'empty fields', signed('', '')],
    [
      'signature-malformed',
      'a label in one field only',
      signed(FULL_INPUT, FULL_SIGNATURE.replace('sig1', 'sig2')),
    ],
    [
      'signature-malformed',
      'a label more in one field',
      signed(FULL_INPUT, `${FULL_SIGNATURE}, other=:AAAA:`),
    ],
    ['signature-malformed', 'neither 32 nor 64 bytes', signed(FULL_INPUT, 'sig1=:AAAA:')],
    [
      'signature-malformed',
      'missing padding',
      signed(FULL_INPUT, FULL_SIGNATURE.replace('=:', ':').replace('E0=:', 'E0:')),
    ],
    [
      'signature-malformed',
      'stray trailing bits',
      signed(FULL_INPUT, FULL_SIGNATURE.replace('E0=:', 'E1=:')),
    ],
    ['signature-malformed', 'upper-case component', covering('"X-List"')],
    ['signature-malformed', 'component twice', covering('"@method" "@method"')],
    ['signature-malformed', 'signature-params as a component', covering('"@signature-params"')],
    ['signature-malformed', 'component is a token', covering('date')],
    ['signature-malformed', 'keyid is a number', with_(';created=1618884473;keyid=1')],
    ['signature-malformed', 'alg is a token', with_(';created=1618884473;alg=ed25519')],
    ['signature-candidates-exceeded', '17 labels', signed(many('("@method")'), many(':AAAA:'))],
    ['timestamp-missing', 'no created', with_('')],
    ['timestamp-malformed', 'created is text', with_(';created="1618884473"')],
    ['timestamp-malformed', 'created is a fraction', with_(';created=1618884473.5')],
    ['timestamp-malformed', 'created is negative', with_(';created=-1')],
    ['timestamp-malformed', 'created in milliseconds', with_(';created=1618884473000')],
    ['timestamp-malformed', 'expires is text', with_(';created=1618884473;expires="x"')],
    ['timestamp-stale', 'created 301 s ago', signed(), NOW + 301_000],
    ['timestamp-future', 'created 301 s ahead', signed(), NOW - 301_000],
    ['timestamp-stale', 'expired', with_(';created=1618884473;expires=1618884474'), NOW + 1000],
    ['algorithm-refused', 'alg of another kind than the key', with_(';created=1618884473;alg="ed25519"')],
    ['algorithm-refused', 'alg that we do not take', with_(';created=1618884473;alg="rsa-pss-sha512"')],
    ['component-not-covered', 'no content digest', signed('sig1=("@method");created=1618884473')],
    ['component-missing', 'a field that is not there', covering('"x-none"')],
    ['component-missing', 'a query parameter that is not there', covering('"@query-param";name="none"')],
    ['component-unsupported', 'unknown derived component', covering('"@else"')],
    ['component-unsupported', 'status of a response', covering('"@status"')],
    ['component-unsupported', 'sf', covering('"date";sf')],
    ['component-unsupported', 'key', covering('"date";key="a"')],
    ['component-unsupported', 'bs', covering('"date";bs')],
    ['component-unsupported', 'tr', covering('"date";tr')],
    ['component-unsupported', 'req', covering('"@method";req')],
    ['component-unsupported', 'query parameter without a name', covering('"@query-param"')],
    ['signature-mismatch', 'another signature', signed(FULL_INPUT, zeros)],
    ['signature-mismatch', 'another method', { ...signed(), method: 'PUT' }],
    ['signature-mismatch', 'another target', { ...signed(), target: '/foo?param=Value&Pet=cat' }],
    [
      'signature-mismatch',
      'another keyid in the input',
      signed(FULL_INPUT.replace('test-shared', 'best-shared')),
    ],
    [
      'signature-mismatch',
      'Ed25519 signature for a shared secret',
      signedByEd25519(ED_INPUT.replace(';alg="ed25519"', '')),
    ],
    ['digest-mismatch', 'another body', { ...signed(), body: Buffer.from('{"hello": "World"}') }],
  ];
  for (const [refusal, name, request, now] of cases) {
    test(`${refusal}: ${name}`, () =>
      assertRefused(verifySignature(request, messageSettings([shared]), now ?? NOW), refusal));
  }

  test('component-not-covered: a component that the source must cover', () => {
    assertRefused(
      verifySignature(signed(), messageSettings([shared], ['@authority']), NOW),
      'component-not-covered',
    );
  });

  test('component-not-covered: the published B.2.5, which leaves the body open', () => {
    const input =
      'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
    const request = signed(input, 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:');
    assertRefused(verifySignature(request, messageSettings([shared], []), NOW), 'component-not-covered');
  });

  test('key-not-valid-at-signed-time', () => {
    const retired = { ...shared, notAfter: NOW };
    assertRefused(
      verifySignature(signed(), messageSettings([retired]), NOW + 1),
      'key-not-valid-at-signed-time',
    );
  });

  test('a keyid of ours leaves the other keys out', () => {
    const renamed = { ...shared, id: 'other' };
    const named = key({ scheme: SCHEME, id: 'test-shared-secret', text: 'another secret' });
    assertRefused(verifySignature(signed(), messageSettings([renamed, named]), NOW), 'signature-mismatch');
  });

  test('a line break cannot smuggle a component in', () => {
    const lines: HeaderLines = [...RFC_LINES, ['X-Note', 'a\n"@method": GET']];
    const request = rfcRequest(
      [
        ['Signature-Input', 'sig1=("content-digest" "x-note");created=1618884473'],
        ['Signature', zeros],
      ],
      lines,
    );
    assertRefused(verifySignature(request, messageSettings([shared]), NOW), 'signature-malformed');
  });

  test('a query parameter that is there twice cannot be named', () => {
    const request = { ...covering('"@query-param";name="a"'), target: '/foo?a=1&a=2' };
    assertRefused(verifySignature(request, messageSettings([shared]), NOW), 'component-unsupported');
  });

  test('two Host lines and no Host line leave no authority', () => {
    const input: HeaderLines = [
      ['Content-Digest', SHA256],
      ['Signature-Input', 'sig1=("@authority" "content-digest");created=1618884473'],
      ['Signature', zeros],
    ];
    assertRefused(
      verifySignature(
        rfcRequest(input, [
          ['Host', 'a'],
          ['host', 'b'],
        ]),
        messageSettings([shared]),
        NOW,
      ),
      'component-unsupported',
    );
    assertRefused(
      verifySignature(rfcRequest(input, []), messageSettings([shared]), NOW),
      'component-missing',
    );
  });

  test('a public key never serves as a shared secret', () => {
    const bytes = Buffer.from(STANDARD_V1A.publicKey.slice(5), 'base64');
    assert.equal(bytes.length, 32);
    assertRefused(verifySignature(signed(), messageSettings([ed25519]), NOW), 'signature-mismatch');
  });
});

describe('content digest', () => {
  const body = Buffer.from(BODY);
  const wrong = `sha-256=:${Buffer.alloc(32).toString('base64')}:`;
  const cases: readonly [SignatureRefusal | undefined, string, HeaderLines][] = [
    [undefined, 'sha-256', [['content-digest', SHA256]]],
    [undefined, 'sha-512', [['content-digest', SHA512]]],
    [
      undefined,
      'both, on two lines',
      [
        ['content-digest', SHA256],
        ['Content-Digest', SHA512],
      ],
    ],
    [undefined, 'one beside an unknown one', [['content-digest', `md5=:AAAA:, ${SHA256}`]]],
    ['digest-missing', 'none', []],
    ['digest-malformed', 'not structured', [['content-digest', 'sha-256=']]],
    ['digest-malformed', 'text', [['content-digest', 'sha-256="x"']]],
    ['digest-malformed', 'short', [['content-digest', 'sha-256=:AAAA:']]],
    ['algorithm-refused', 'only an unknown one', [['content-digest', 'md5=:AAAA:']]],
    ['algorithm-refused', 'empty', [['content-digest', '']]],
    ['digest-mismatch', 'wrong', [['content-digest', wrong]]],
    ['digest-mismatch', 'one of two wrong', [['content-digest', `${wrong}, ${SHA512}`]]],
  ];
  for (const [refusal, name, lines] of cases) {
    test(`${refusal ?? 'accepted'}: ${name}`, () =>
      assert.equal(contentDigestRefusal(lines.flat(), body), refusal));
  }

  test('is written as RFC 9530 has it', () => assert.equal(contentDigest(body), SHA256));
});
