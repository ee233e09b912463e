import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import { type TestContext, test } from 'node:test';
import { type CorePlatformOptions, startCorePlatform } from '../../../sandbox/core-platform/core-platform.ts';
import { readResourceVersions } from '../../../sandbox/ehr/resource-versions.ts';

const KEY = Buffer.from('sandbox core platform test key..');
const SECRET = `whsec_${KEY.toString('base64')}`;

const eventId = (number: number) => `01890000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;

interface Post {
  readonly id?: string;
  readonly body?: Buffer | string;
  readonly headers?: Record<string, string | undefined>;
  readonly signedBody?: Buffer | string;
  readonly ageSeconds?: number;
  readonly method?: string;
}

/** Sends one delivery as the gateway would. @returns the status, or `cut` where the connection was. */
function post(
  url: string,
  {
    id = eventId(1),
    body = '{}',
    headers = {},
    signedBody = body,
    ageSeconds = 0,
    method = 'POST',
  }: Post = {},
) {
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const digest = createHmac('sha256', KEY).update(`${id}.${timestamp}.`).update(signedBody).digest('base64');
  const all: Record<string, string | undefined> = {
    'content-type': 'application/fhir+json',
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': '/organizations/mercy/sources/ehr',
    'ce-type': 'fhir.notification.event',
    'ce-subject': 'Patient/p1',
    'ce-time': '2026-01-01T00:00:00.000Z',
    'ce-organization': 'mercy',
    'ce-fhirversion': '4.0',
    'ce-attempt': '1',
    'ce-replay': 'false',
    'ce-auditseq': '41',
    'ce-audithash': 'a'.repeat(64),
    'ce-validation': 'valid',
    'x-request-id': 'request-1',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest}`,
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new Promise<number | string>((resolve) => {
    const request = http.request(
      url,
      { method, headers: sent as Record<string, string>, agent: false },
      (answer) => {
        answer.on('end', () => resolve(answer.statusCode ?? 0)).resume();
      },
    );
    request.on('error', () => resolve('cut')).end(body);
  });
}

async function setUp(context: TestContext, options: Partial<CorePlatformOptions> = {}) {
  const core = await startCorePlatform({ secret: SECRET, ...options });
  context.after(() => core.close());
  return core;
}

const kinds = (core: Awaited<ReturnType<typeof setUp>>) => core.violations.first.map(({ kind }) => kind);

test('takes a proper delivery and records what it was', async (context) => {
  const core = await setUp(context, { record: 'bodies' });
  const body = Buffer.from('{"resourceType":"Bundle"}');
  assert.equal(await post(core.url, { body }), 204);
  assert.deepEqual(core.violations.first, []);
  const [delivery] = core.received.log;
  assert.ok(delivery && Math.abs(delivery.receivedAt - Date.now()) < 60_000);
  assert.deepEqual(delivery, {
    ceId: eventId(1),
    sha256: createHash('sha256').update(body).digest('hex'),
    audithash: 'a'.repeat(64),
    auditseq: 41,
    receivedAt: delivery.receivedAt,
    attempt: 1,
    replay: false,
    organization: 'mercy',
    source: 'ehr',
    type: 'fhir.notification.event',
    subject: 'Patient/p1',
  });
  assert.deepEqual(core.received.log.body(0), body);
  assert.deepEqual(core.received.log.find(eventId(1)), delivery);
  assert.equal(core.received.log.find(eventId(2)), undefined);
  assert.equal(core.received.verifiedByLibrary, 1);
});

test('takes empty bodies, a byte order mark and bodies that are not UTF-8, byte by byte', async (context) => {
  const core = await setUp(context);
  const bodies = [Buffer.alloc(0), Buffer.from('\ufeff{}'), Buffer.from([0x22, 0xe9, 0x22])];
  for (const [index, body] of bodies.entries())
    assert.equal(await post(core.url, { id: eventId(index + 1), body }), 204);
  assert.deepEqual([core.received.verifiedByLibrary, core.received.verifiedByBytesOnly], [2, 1]);
  assert.equal(core.violations.count, 0);
});

test('refuses what is not signed by the gateway, now', async (context) => {
  const core = await setUp(context);
  const latin = (byte: number) => Buffer.from([0x22, byte, 0x22]);
  const forged: Post[] = [
    { signedBody: '{ }' },
    { body: latin(0xe9), signedBody: latin(0xe8) },
    { ageSeconds: 400 },
    { ageSeconds: -400 },
    { headers: { 'webhook-signature': undefined } },
    { headers: { 'webhook-signature': 'v1,' } },
    { headers: { 'webhook-id': eventId(9) } },
  ];
  for (const one of forged) assert.equal(await post(core.url, one), 401, JSON.stringify(one));
  assert.deepEqual(new Set(kinds(core)), new Set(['bad-signature']));
  assert.deepEqual(
    [core.violations.count, core.received.refused, core.received.log.deliveries],
    [forged.length, forged.length, 0],
  );
});

test('notices where the official library is more lenient than the specification', async (context) => {
  const core = await setUp(context);
  const id = eventId(1);
  const seconds = String(Math.floor(Date.now() / 1000));
  const signature = `v1,${createHmac('sha256', KEY).update(`${id}.${seconds}.{}`).digest('base64')}`;
  const headers = { 'webhook-timestamp': `${seconds}abc`, 'webhook-signature': signature };
  assert.equal(await post(core.url, { id, headers }), 401);
  assert.deepEqual(kinds(core), ['verifiers-disagree']);
});

const REQUIRED = [
  'ce-specversion',
  'ce-source',
  'ce-type',
  'ce-time',
  'ce-organization',
  'ce-fhirversion',
  'ce-attempt',
  'ce-replay',
  'ce-auditseq',
  'ce-audithash',
  'ce-validation',
  'x-request-id',
];

for (const name of REQUIRED) {
  test(`refuses a delivery without a proper ${name}`, async (context) => {
    const core = await setUp(context);
    assert.equal(await post(core.url, { headers: { [name]: undefined } }), 400);
    assert.equal(await post(core.url, { headers: { [name]: '  ,not this, ' } }), 400);
    const [missing, malformed] = core.violations.first;
    assert.ok(missing?.detail.includes(`${name} missing`), missing?.detail);
    assert.ok(malformed?.detail.includes(`${name} malformed`), malformed?.detail);
  });
}

test('refuses a source of another organization, a ce-id that is not the webhook-id, and other methods', async (context) => {
  const core = await setUp(context);
  assert.equal(await post(core.url, { headers: { 'ce-organization': 'lakeside' } }), 400);
  assert.equal(await post(core.url, { headers: { 'ce-id': eventId(7) } }), 400);
  assert.equal(await post(core.url, { method: 'PUT' }), 405);
  assert.deepEqual(kinds(core), ['bad-header', 'bad-header', 'bad-method']);
});

test('tells first deliveries from repeats', async (context) => {
  const told: boolean[] = [];
  const core = await setUp(context, { onDelivery: (_delivery, first) => told.push(first) });
  await post(core.url, { id: eventId(1), body: 'a' });
  await post(core.url, { id: eventId(1), body: 'a', headers: { 'ce-attempt': '2' } });
  await post(core.url, { id: eventId(2), body: 'b' });
  assert.deepEqual(told, [true, false, true]);
  const { log, redeliveries } = core.received;
  assert.deepEqual([log.deliveries, log.events, redeliveries, core.violations.count], [3, 2, 1, 0]);
  assert.deepEqual(
    [...log].map(({ attempt }) => attempt),
    [1, 2, 1],
  );
  assert.equal(log.find(eventId(1))?.attempt, 1);
});

test('notices a body under two ids, an id with two bodies, and an event whose audit position changes', async (context) => {
  const core = await setUp(context);
  await post(core.url, { id: eventId(1), body: 'a' });
  await post(core.url, { id: eventId(2), body: 'a' });
  await post(core.url, { id: eventId(1), body: 'b' });
  await post(core.url, { id: eventId(1), body: 'a', headers: { 'ce-auditseq': '42' } });
  assert.deepEqual(kinds(core), ['body-under-second-id', 'body-changed', 'audit-position-changed']);
});

test('empty bodies may come under many ids', async (context) => {
  const core = await setUp(context);
  await post(core.url, { id: eventId(1), body: '' });
  await post(core.url, { id: eventId(2), body: '' });
  assert.equal(core.violations.count, 0);
});

test('notices an older version of a resource after a newer one, except in a replay and per source', async (context) => {
  const core = await setUp(context, { orderMarks: readResourceVersions });
  const version = (versionId: number, rest = {}) =>
    JSON.stringify({ resourceType: 'Patient', id: 'p1', meta: { versionId: String(versionId) }, ...rest });
  await post(core.url, { id: eventId(1), body: version(1) });
  await post(core.url, { id: eventId(2), body: version(3) });
  await post(core.url, { id: eventId(2), body: version(3), headers: { 'ce-attempt': '2' } });
  await post(core.url, {
    id: eventId(3),
    body: version(1, { active: true }),
    headers: { 'ce-source': '/organizations/mercy/sources/lab' },
  });
  await post(core.url, { id: eventId(1), body: version(1), headers: { 'ce-replay': 'true' } });
  assert.deepEqual(kinds(core), []);
  await post(core.url, { id: eventId(4), body: version(2) });
  assert.deepEqual(core.violations.first, [
    { kind: 'out-of-order', ceId: eventId(4), detail: 'Patient/p1 version 2 after 3' },
  ]);
});

test('behaves as told: statuses, cut connections, lost acknowledgements', async (context) => {
  const core = await setUp(context, {
    behaviour: ({ index }) => {
      if (index === 0) return { kind: 'answer', status: 503, retryAfter: '1' };
      if (index === 1) return { kind: 'reset', taken: false };
      if (index === 2) return { kind: 'reset', taken: true, delayMs: 1 };
      return { kind: 'answer', status: 202 };
    },
  });
  assert.deepEqual(
    [await post(core.url), await post(core.url), await post(core.url), await post(core.url)],
    [503, 'cut', 'cut', 202],
  );
  const { log, refused, redeliveries } = core.received;
  assert.deepEqual([log.deliveries, log.events, refused, redeliveries], [2, 1, 2, 1]);
});

test('closing cuts a delivery whose answer is held back', async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const core = await startCorePlatform({
    secret: SECRET,
    behaviour: () => {
      arrived();
      return { kind: 'answer', status: 204, delayMs: 3_600_000 };
    },
  });
  const answer = post(core.url);
  await arrival;
  await core.close();
  assert.equal(await answer, 'cut');
});

test('counts alone where nothing else is wanted', async (context) => {
  const core = await setUp(context, { record: 'counts' });
  await post(core.url, { id: eventId(1), body: 'a' });
  await post(core.url, { id: eventId(2), body: 'a' });
  assert.deepEqual(
    [core.received.log.deliveries, core.received.log.events, core.violations.count],
    [2, 2, 0],
  );
  assert.deepEqual([...core.received.log], []);
});
