import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { signRequest } from '../../../../src/inbound/signature/sign.ts';
import { parseSigningKey } from '../../../../src/inbound/signature/signing-key.ts';
import {
  SCHEME_NAMES,
  type SignatureSettings,
  type SignedRequest,
} from '../../../../src/inbound/signature/types.ts';
import { verifySignature } from '../../../../src/inbound/signature/verify.ts';
import { customSettings, key, messageSettings, preset, STANDARD, STANDARD_V1A } from './fixtures.ts';

const SEED = { seed: 20_261_122, numRuns: 150 };
const NOW = 1_700_000_000_000;
const HOST = { host: 'gateway.example' };
const privateKey = parseSigningKey(STANDARD_V1A.privateKey);
const covered = ['@method', '@target-uri', 'content-digest'];

const SCHEMES: readonly [name: string, settings: SignatureSettings][] = [
  [
    'standard-webhooks v1',
    preset('standard-webhooks', key({ scheme: 'standard-webhooks', text: STANDARD.secret })),
  ],
  [
    'standard-webhooks v1a',
    preset('standard-webhooks', key({ scheme: 'standard-webhooks', text: STANDARD_V1A.publicKey })),
  ],
  ...(['websub', 'github', 'medplum', 'stripe', 'slack'] as const).map(
    (scheme) => [scheme, preset(scheme, key({ scheme, text: 'a shared secret' }))] as const,
  ),
  [
    'http-message-signatures hmac',
    messageSettings([key({ scheme: 'http-message-signatures', text: 'secret' })], covered),
  ],
  [
    'http-message-signatures ed25519',
    messageSettings([key({ scheme: 'http-message-signatures', text: STANDARD_V1A.publicKey })], covered),
  ],
  ...(['hex', 'base64', 'base64url'] as const).map(
    (encoding) =>
      [
        `custom ${encoding}`,
        customSettings([key({ scheme: 'custom', text: 'a shared secret' })], {
          encoding,
          prefix: 'v=',
          timestampHeader: 'x-time',
          idHeader: 'x-id',
          content: '{method}:{path}:{timestamp}:{id}:{body}',
        }),
      ] as const,
  ),
].map(([name, settings]) => [name as string, settings as SignatureSettings]);

interface Signed {
  readonly request: SignedRequest;
  /** Names of the headers that the scheme added: all of them are signed, or are the signature. */
  readonly names: readonly string[];
}

function signed(settings: SignatureSettings, body: Buffer, id: string): Signed {
  const line = { method: 'POST', target: '/webhooks/mercy/ehr' };
  const headers = signRequest({ settings, ...line, body, now: NOW, id, headers: HOST, privateKey });
  return {
    request: { ...line, body, rawHeaders: Object.entries({ ...HOST, ...headers }).flat() },
    names: Object.keys(headers),
  };
}

function flipBit(bytes: Buffer, position: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = (position >>> 3) % copy.length;
  copy[index] = (copy[index] ?? 0) ^ (1 << (position & 7));
  return copy;
}

function withFlippedHeader(request: SignedRequest, name: string, position: number): SignedRequest {
  const rawHeaders = [...request.rawHeaders];
  const at = rawHeaders.indexOf(name) + 1;
  rawHeaders[at] = flipBit(Buffer.from(rawHeaders[at] ?? '', 'latin1'), position).toString('latin1');
  return { ...request, rawHeaders };
}

const bodies = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const positions = fc.nat({ max: 1_000_000 });

for (const [name, settings] of SCHEMES) {
  describe(name, () => {
    const accepts = (request: SignedRequest) => verifySignature(request, settings, NOW).ok;

    test('any bytes that are signed are accepted', () => {
      const property = fc.property(bodies, ids, (body, id) => accepts(signed(settings, body, id).request));
      fc.assert(property, SEED);
    });

    test('a flipped bit of the body is refused', () => {
      const property = fc.property(bodies, ids, positions, (body, id, position) => {
        const { request } = signed(settings, body, id);
        return !accepts({ ...request, body: flipBit(body, position) });
      });
      fc.assert(property, SEED);
    });

    test('a flipped bit of signature, time or id is refused', () => {
      const property = fc.property(bodies, ids, positions, (body, id, position) => {
        const { request, names } = signed(settings, body, id);
        return names.every((header) => !accepts(withFlippedHeader(request, header, position)));
      });
      fc.assert(property, SEED);
    });

    test('a body cut short or grown is refused', () => {
      const property = fc.property(bodies, ids, bodies, (body, id, more) => {
        const { request } = signed(settings, body, id);
        const grown = { ...request, body: Buffer.concat([body, more]) };
        return !accepts(grown) && !accepts({ ...request, body: body.subarray(1) });
      });
      fc.assert(property, SEED);
    });
  });
}

test('every bit of one signature header of every scheme counts', () => {
  for (const [name, settings] of SCHEMES) {
    const { request, names } = signed(settings, Buffer.from(STANDARD.body), STANDARD.id);
    for (const header of names) {
      const length = (request.rawHeaders[request.rawHeaders.indexOf(header) + 1] ?? '').length;
      for (let position = 0; position < length * 8; position += 1) {
        const verdict = verifySignature(withFlippedHeader(request, header, position), settings, NOW);
        assert.ok(!verdict.ok, `${name}: bit ${position} of ${header}`);
      }
    }
  }
});

test('no header text makes verification throw, and none is accepted by chance', () => {
  assert.deepEqual(
    [...new Set(SCHEMES.map(([, settings]) => settings.scheme))].sort(),
    [...SCHEME_NAMES].sort(),
  );
  const text = fc.string({ unit: 'binary-ascii', maxLength: 80 });
  const nearly = fc
    .tuple(
      text,
      fc.constantFrom('t=1,v1=', 'v0=', 'sha256=', 'v1,', 's=("a";b=', 's=:', '(:"=?1;%"', ''),
      text,
    )
    .map((parts) => parts.join(''));
  for (const [, settings] of SCHEMES) {
    const { request, names } = signed(settings, Buffer.from('{}'), 'msg_1');
    const property = fc.property(
      fc.array(nearly, { minLength: names.length, maxLength: names.length }),
      (values) => {
        const rawHeaders = [
          'host',
          'gateway.example',
          ...names.flatMap((header, index) => [header, values[index] ?? '']),
        ];
        return !verifySignature({ ...request, rawHeaders }, settings, NOW).ok;
      },
    );
    fc.assert(property, SEED);
  }
});
