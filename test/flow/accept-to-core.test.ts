import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { HOSPITAL_MIX } from '../../sandbox/ehr/mix.ts';
import { medplumSigner, standardWebhooksSigner } from '../../sandbox/ehr/signing.ts';
import { createWorkload, type WireFormat } from '../../sandbox/ehr/workload.ts';
import { newWebhookSecret, standardSource } from '../support/gateway-config.ts';
import { request } from '../support/http-request.ts';
import { readChain } from '../support/journal-file.ts';
import { type DocumentedScheme, documentedSchemes } from './support/documented-schemes.ts';
import { post, receipt, type Stage, startStage } from './support/stage.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function observation(id: string, text = 'Grün'): string {
  const meta = { versionId: '1' };
  const subject = { reference: 'Patient/p-1' };
  return JSON.stringify({
    resourceType: 'Observation',
    id,
    meta,
    status: 'final',
    code: { text },
    subject,
  });
}

/** Bytes that a gateway which decodes a body to text would change or refuse. */
const BODIES: Readonly<Record<string, (id: string) => Buffer>> = {
  plain: (id) => Buffer.from(observation(`${id}-plain`)),
  'byte order mark': (id) =>
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(observation(`${id}-bom`))]),
  'Latin-1': (id) => Buffer.from(observation(`${id}-latin`), 'latin1'),
  'line ends and spaces': (id) => Buffer.from(`\r\n  ${observation(`${id}-space`)}\t\r\n\n`),
  'not JSON': (id) => Buffer.concat([Buffer.from(`${id}\0`), Buffer.from([0xff, 0xfe, 0x00, 0x0a])]),
};

async function assertBytesArrive(stage: Stage, scheme: DocumentedScheme, what: string): Promise<void> {
  const path = `/webhooks/mercy/${scheme.name}`;
  const body = BODIES[what]?.(scheme.name) ?? Buffer.alloc(0);
  const headers = scheme.headers({ id: `msg_${what.replaceAll(' ', '-')}`, body, path });
  const answer = await post(stage.gateway, `mercy/${scheme.name}`, headers, body);
  const { faults, body: received } = await stage.core.delivery(receipt(answer));
  assert.deepEqual(faults, []);
  assert.ok(received.equals(body), `${scheme.name}, ${what}: the body came unchanged`);
}

test('every scheme: exactly the bytes that were signed reach the core platform', async (t) => {
  const schemes = documentedSchemes();
  const sources = schemes.map(({ name, signature }) => ({ id: name, profile: 'rest-hook-r4', signature }));
  const stage = await startStage(t, { organizations: [{ id: 'mercy', sources }] });
  for (const scheme of schemes) {
    await t.test(scheme.name, async () => {
      for (const what of Object.keys(BODIES)) await assertBytesArrive(stage, scheme, what);
    });
    await t.test(`${scheme.name}: another body under this signature is refused`, async () => {
      const path = `/webhooks/mercy/${scheme.name}`;
      const body = Buffer.from(observation(`${scheme.name}-other`));
      const headers = scheme.headers({ id: 'msg_other', body, path });
      const altered = Buffer.concat([body, Buffer.from(' ')]);
      const answer = await post(stage.gateway, `mercy/${scheme.name}`, headers, altered);
      assert.equal(answer.status, 401);
    });
  }
  assert.equal(stage.core.deliveries.length, schemes.length * Object.keys(BODIES).length);
});

test('a delivery carries exactly the headers of the contract', async (t) => {
  const secret = newWebhookSecret();
  const source = standardSource('ehr', secret, { profile: 'rest-hook-r4' });
  const stage = await startStage(t, { organizations: [{ id: 'mercy', sources: [source] }] });
  const body = Buffer.from(observation('o-1'));
  const before = Date.now();
  const answer = await post(
    stage.gateway,
    'mercy/ehr',
    {
      ...standardWebhooksSigner(secret).headers({ id: 'msg_1', body, nowMs: before }),
      'x-request-id': 'req-42',
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
      'content-type': 'application/fhir+json; charset=utf-8',
    },
    body,
  );
  const id = receipt(answer);
  assert.match(id, UUID_V7);
  assert.equal(answer.headers['x-request-id'], 'req-42');
  assert.equal(answer.headers['content-type'], 'application/fhir+json');
  assert.equal((JSON.parse(answer.body.toString()) as { resourceType: string }).resourceType, 'Bundle');

  const { headers } = await stage.core.delivery(id);
  await stage.gateway.stop();
  const chain = readChain(stage.home.journal, 'mercy');
  const accepted = chain.records[Number(headers['ce-auditseq']) - 1];
  const { traceparent, 'webhook-timestamp': signedAt, 'webhook-signature': _signature, ...rest } = headers;
  assert.match(String(traceparent), new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  assert.ok(Math.abs(Number(signedAt) * 1000 - Date.now()) < 60_000);
  const receivedAt = Date.parse(String(rest['ce-time']));
  assert.ok(receivedAt >= before && receivedAt <= Date.now(), 'ce-time is the time of receipt');
  assert.deepEqual(rest, {
    host: new URL(stage.core.url).host,
    connection: 'keep-alive',
    'content-length': String(body.length),
    'content-type': 'application/fhir+json; charset=utf-8',
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': '/organizations/mercy/sources/ehr',
    'ce-type': 'fhir.resource.changed',
    'ce-subject': 'Observation/o-1',
    'ce-time': new Date(receivedAt).toISOString(),
    'ce-organization': 'mercy',
    'ce-fhirversion': '4.0',
    'ce-attempt': '1',
    'ce-replay': 'false',
    'ce-auditseq': '1',
    'ce-audithash': Buffer.from(accepted?.hash ?? []).toString('hex'),
    'ce-validation': 'valid',
    'x-request-id': 'req-42',
    'webhook-id': id,
  });
});

test('without a request id and a trace of the sender the gateway makes its own id and no trace', async (t) => {
  const secret = newWebhookSecret();
  const stage = await startStage(t, {
    organizations: [{ id: 'mercy', sources: [standardSource('ehr', secret)] }],
  });
  const body = Buffer.from(observation('o-2'));
  const signed = standardWebhooksSigner(secret).headers({ id: 'msg_2', body, nowMs: Date.now() });
  const answer = await post(
    stage.gateway,
    'mercy/ehr',
    { ...signed, 'x-request-id': 'not "well" formed' },
    body,
  );
  const { headers } = await stage.core.delivery(receipt(answer));
  assert.match(String(answer.headers['x-request-id']), UUID_V7);
  assert.equal(headers['x-request-id'], answer.headers['x-request-id']);
  assert.equal(headers.traceparent, undefined);
});

const FHIR_VERSION: Readonly<Record<WireFormat, string>> = {
  'backport-r4': '4.0',
  'backport-r4b': '4.3',
  'backport-r5': '5.0',
  'rest-hook-r4': '4.0',
};

async function dayOf(t: TestContext, format: WireFormat): Promise<void> {
  const secret = newWebhookSecret();
  const forward = { handshakes: true, heartbeats: true };
  const source = standardSource('ehr', secret, { profile: format, validation: 'reject', forward });
  const stage = await startStage(t, { organizations: [{ id: 'mercy', sources: [source] }] });
  const signer = standardWebhooksSigner(secret);
  const workload = createWorkload({ format, seed: format, lane: 'day', now: Date.now, mix: HOSPITAL_MIX });
  const sent = new Map<string, { readonly body: Buffer; readonly contentType: string | undefined }>();
  while (sent.size < 120) {
    const { id, method, path, contentType, body } = workload.next();
    const headers = {
      ...signer.headers({ id, body, nowMs: Date.now() }),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    const url = `${stage.gateway.url}/webhooks/mercy/ehr${path}`;
    sent.set(receipt(await request(url, { method, headers, body })), { body, contentType });
  }
  const types = new Set<string>();
  for (const [eventId, { body, contentType }] of sent) {
    const delivery = await stage.core.delivery(eventId);
    assert.deepEqual(delivery.faults, []);
    assert.ok(delivery.body.equals(body));
    assert.equal(delivery.headers['ce-fhirversion'], FHIR_VERSION[format]);
    assert.equal(delivery.headers['ce-validation'], 'valid');
    assert.equal(delivery.headers['content-type'], contentType);
    types.add(String(delivery.headers['ce-type']));
  }
  const expected =
    format === 'rest-hook-r4'
      ? ['fhir.hint', 'fhir.resource.changed']
      : ['fhir.notification.event', 'fhir.notification.handshake', 'fhir.notification.heartbeat'];
  for (const type of expected) assert.ok(types.has(type), `${type} among ${[...types].join(', ')}`);
}

for (const format of Object.keys(FHIR_VERSION) as WireFormat[]) {
  test(`${format}: a day of a hospital arrives, valid, under its event types`, (t) => dayOf(t, format));
}

test('handshakes and heartbeats end at the gateway unless the source forwards them', async (t) => {
  const secret = newWebhookSecret();
  const stage = await startStage(t, {
    organizations: [{ id: 'mercy', sources: [standardSource('ehr', secret)] }],
  });
  const workload = createWorkload({
    format: 'backport-r4',
    seed: 'quiet',
    lane: 'quiet',
    now: Date.now,
    mix: { handshakeFirst: true, heartbeatShare: 0.5 },
  });
  const signer = standardWebhooksSigner(secret);
  const forwarded: string[] = [];
  for (let sent = 0; sent < 40; sent += 1) {
    const { id, kind, body } = workload.next();
    const eventId = receipt(
      await post(stage.gateway, 'mercy/ehr', signer.headers({ id, body, nowMs: Date.now() }), body),
    );
    if (kind === 'event-notification') forwarded.push(eventId);
  }
  for (const id of forwarded) await stage.core.delivery(id);
  await stage.gateway.stop();
  assert.equal(stage.core.deliveries.length, forwarded.length);
  const consumed = await stage.home.json(['events', 'list', '--org', 'mercy', '--state', 'consumed']);
  assert.equal(consumed.length, 40 - forwarded.length);
});

test('medplum: a deletion names its resource in a header that is not signed, so it is a hint', async (t) => {
  const secret = randomBytes(32).toString('base64url');
  const signature = { scheme: 'medplum', secrets: [{ id: 'k1', value: secret }] };
  const stage = await startStage(t, {
    organizations: [{ id: 'mercy', sources: [{ id: 'medplum', profile: 'medplum', signature }] }],
  });
  const body = Buffer.from('{}');
  const headers = {
    ...medplumSigner(secret).headers({ id: '', body, nowMs: 0 }),
    'x-medplum-deleted-resource': 'Patient/p-9',
  };
  const ids = [];
  for (let sent = 0; sent < 2; sent += 1)
    ids.push(receipt(await post(stage.gateway, 'mercy/medplum', headers, body)));
  assert.notEqual(ids[0], ids[1], 'equal bytes may stand for two deletions');
  for (const id of ids) {
    const delivery = await stage.core.delivery(id);
    assert.equal(delivery.headers['ce-type'], 'fhir.hint');
    assert.equal(delivery.body.toString(), '{}');
  }
});
