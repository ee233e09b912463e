import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { createCorePlatformClient } from '../../../src/clients/core-platform.ts';
import { buildCoreRequest, encodeHeaderValue } from '../../../src/forwarding/cloud-event.ts';
import { createWebhookSigner } from '../../../src/forwarding/webhook-signer.ts';
import { type EventId, parseEventId } from '../../../src/kernel/ids.ts';
import { parseTraceParent } from '../../../src/kernel/trace-context.ts';
import { startCoreServer } from './support/core-server.ts';
import { makeDelivery } from './support/deliveries.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const KEY = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
const signer = createWebhookSigner([KEY]);
const NOW = Date.parse('2026-11-22T01:02:03.999Z');
const ID = parseEventId('019aa8f0-1234-7abc-8def-0123456789ab') as EventId;

function knownDelivery() {
  return makeDelivery({
    summary: {
      id: ID,
      type: 'fhir.notification.event',
      receivedAt: Date.parse('2026-11-22T01:02:03.004Z'),
      contentType: 'application/fhir+json; charset=utf-8',
      fhirVersion: '4.3',
      validation: 'flagged',
      traceParent: parseTraceParent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    },
    foci: ['Observation/123', 'Patient/9'],
    body: Buffer.from('{"resourceType":"Bundle"}'),
    attempt: 3,
    replay: true,
    auditSequence: 41,
    auditHash: 'cd'.repeat(32),
  });
}

test('the headers are exactly those of the contract', () => {
  const { headers, body } = buildCoreRequest(knownDelivery(), {
    signer,
    now: NOW,
    sourceStanding: { score: 97.5, grade: 'A' },
  });
  const { traceparent, 'webhook-signature': signature, ...rest } = headers;
  assert.deepEqual(rest, {
    'ce-specversion': '1.0',
    'ce-id': '019aa8f0-1234-7abc-8def-0123456789ab',
    'ce-source': '/organizations/mercy/sources/ehr',
    'ce-type': 'fhir.notification.event',
    'ce-subject': 'Observation/123',
    'ce-time': '2026-11-22T01:02:03.004Z',
    'content-type': 'application/fhir+json; charset=utf-8',
    'ce-organization': 'mercy',
    'ce-fhirversion': '4.3',
    'ce-attempt': '3',
    'ce-replay': 'true',
    'ce-auditseq': '41',
    'ce-audithash': 'cd'.repeat(32),
    'ce-sourcescore': '97.5',
    'ce-sourcegrade': 'A',
    'ce-validation': 'flagged',
    'x-request-id': 'req-1',
    'webhook-id': '019aa8f0-1234-7abc-8def-0123456789ab',
    'webhook-timestamp': String(Math.floor(NOW / 1000)),
  });
  const expected = createHmac('sha256', KEY)
    .update(`${ID}.${Math.floor(NOW / 1000)}.{"resourceType":"Bundle"}`)
    .digest('base64');
  assert.equal(signature, `v1,${expected}`);
  assert.match(
    traceparent ?? '',
    /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
  );
  assert.equal(body.toString(), '{"resourceType":"Bundle"}');
});

test('what is not known is left out', () => {
  const delivery = makeDelivery({ summary: { fhirVersion: undefined, contentType: '' }, foci: [] });
  const { headers } = buildCoreRequest(delivery, { signer, now: NOW });
  for (const name of [
    'ce-subject',
    'ce-fhirversion',
    'content-type',
    'traceparent',
    'ce-sourcescore',
    'ce-sourcegrade',
  ]) {
    assert.equal(name in headers, false, name);
  }
  assert.equal(headers['ce-replay'], 'false');
});

test('a reference too long for a header is left out', () => {
  const at = (length: number) =>
    buildCoreRequest(makeDelivery({ foci: ['P'.repeat(length)] }), { signer, now: NOW }).headers['ce-subject']
      ?.length;
  assert.equal(at(2048), 2048);
  assert.equal(at(2049), undefined);
});

test('header values are percent-encoded as the CloudEvents HTTP binding says', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['say "hi"', 'say%20%22hi%22'],
    ['100%', '100%25'],
    ['a\r\nb\tc\u0000\u007f', 'a%0D%0Ab%09c%00%7F'],
    ["!#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", "!#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"],
    ['\ud800x', '%EF%BF%BDx'],
    ['', ''],
  ];
  for (const [value, encoded] of cases) assert.equal(encodeHeaderValue(value), encoded);
});

test('a hostile focus cannot add a header', () => {
  const delivery = makeDelivery({ foci: ['Patient/1\r\nx-admin: true'] });
  const { headers } = buildCoreRequest(delivery, { signer, now: NOW });
  assert.equal(headers['ce-subject'], 'Patient/1%0D%0Ax-admin:%20true');
});

test('the official library verifies the signature of what arrives', async (t) => {
  const core = await startCoreServer();
  t.after(() => core.close());
  const client = createCorePlatformClient({ url: core.url, timeoutMs: 5_000, connections: 1 });
  t.after(() => client.close());
  const delivery = makeDelivery({ body: Buffer.from('{"name":"Zoë"}') });
  await client.post(buildCoreRequest(delivery, { signer, now: Date.now() }));
  const [post] = core.received;
  const headers = Object.fromEntries(
    Object.entries(post?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  assert.deepEqual(new Webhook(SECRET).verify(post?.body ?? '', headers), { name: 'Zoë' });
  const forged = Buffer.from('{"name":"Zoe"}');
  assert.throws(() => new Webhook(SECRET).verify(forged, headers));
});

test('a body that is not UTF-8 arrives byte for byte, signed over those bytes', async (t) => {
  const core = await startCoreServer();
  t.after(() => core.close());
  const client = createCorePlatformClient({ url: core.url, timeoutMs: 5_000, connections: 1 });
  t.after(() => client.close());
  const body = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  const delivery = makeDelivery({ body, summary: { contentType: 'text/plain; name="caf\u00e9"' } });
  const request = buildCoreRequest(delivery, { signer, now: NOW });
  await client.post(request);
  const [post] = core.received;
  assert.deepEqual(post?.body, body);
  assert.equal(post?.headers['content-type'], 'text/plain; name="caf\u00e9"');
  assert.equal(post?.headers['content-length'], '4096');
  const expected = createHmac('sha256', KEY)
    .update(Buffer.concat([Buffer.from(`${delivery.summary.id}.${Math.floor(NOW / 1000)}.`), body]))
    .digest('base64');
  assert.equal(post?.headers['webhook-signature'], `v1,${expected}`);
});

test('during a change of keys every key signs, and either verifies', () => {
  const other = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
  const both = createWebhookSigner([KEY, Buffer.from(other.slice(6), 'base64')]);
  const { headers, body } = buildCoreRequest(makeDelivery(), { signer: both, now: Date.now() });
  assert.equal(headers['webhook-signature']?.split(' ').length, 2);
  for (const secret of [SECRET, other]) new Webhook(secret).verify(body, { ...headers });
});

test('the published Standard Webhooks vector', () => {
  assert.equal(
    signer.sign('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, Buffer.from('{"test": 2432232314}')),
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('signing without a key is refused', () => {
  assert.throws(() => createWebhookSigner([]), RangeError);
  assert.throws(() => createWebhookSigner([Buffer.alloc(0)]), RangeError);
});
