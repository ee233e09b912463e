import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { HOSPITAL_MIX } from '../../sandbox/ehr/mix.ts';
import { standardWebhooksSigner } from '../../sandbox/ehr/signing.ts';
import { createWorkload } from '../../sandbox/ehr/workload.ts';
import { newWebhookSecret, standardSource } from '../support/gateway-config.ts';
import { request } from '../support/http-request.ts';
import { until } from '../support/until.ts';
import { post, receipt, type Stage, startStage } from './support/stage.ts';

/** Members of FHIR resources whose values tell of a person, or are written by one. */
const TELLING = new Set([
  'family',
  'given',
  'text',
  'div',
  'value',
  'birthDate',
  'line',
  'city',
  'id',
  'reference',
  'data',
]);

/** Short texts and plain lower-case words, such as codes, may occur anywhere by chance. */
const COMMON = /^.{0,5}$|^[a-z -]+$/;

/** Everything in a body that must be seen nowhere: identifiers, names, narrative. */
function telling(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) telling(item, found);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    for (const text of Array.isArray(member) ? member : [member]) {
      if (TELLING.has(key) && typeof text === 'string' && !COMMON.test(text)) found.add(text.slice(0, 60));
    }
    telling(member, found);
  }
}

interface Secrets {
  readonly needles: Set<string>;
  readonly secret: string;
}

async function driveTraffic({ gateway, core }: Stage, { needles, secret }: Secrets): Promise<string> {
  const answers: string[] = [];
  const signer = standardWebhooksSigner(secret);
  const workload = createWorkload({
    format: 'rest-hook-r4',
    seed: 'discretion',
    lane: 'one',
    now: Date.now,
    mix: { ...HOSPITAL_MIX, attachmentBytes: { from: 100, to: 1_000 } },
  });
  core.replies = ({ headers }, index) => {
    if (String(headers['ce-subject']).includes('Observation')) return { status: index % 2 === 0 ? 500 : 204 };
    return { status: index % 5 === 0 ? 422 : 204 };
  };
  for (let sent = 0; sent < 60; sent += 1) {
    const { id, body, method, path, contentType } = workload.next();
    if (body.length > 0) telling(JSON.parse(body.toString()), needles);
    const url = `${gateway.url}/webhooks/mercy/ehr${path}?patient=Patient/query-secret-1`;
    const headers = {
      ...signer.headers({ id, body, nowMs: Date.now() }),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      authorization: 'Bearer header-secret-2',
      cookie: 'session=header-secret-3',
      'user-agent': 'header-secret-4',
    };
    for (const value of Object.values(signer.headers({ id, body, nowMs: Date.now() }))) {
      if (value.length > 12) needles.add(value);
    }
    receipt(await request(url, { method, headers, body }));
    if (sent % 3 === 0) continue;
    const forged = { ...headers, 'webhook-signature': 'v1,Zm9yZ2VkLXNpZ25hdHVyZS1zZWNyZXQtNQ==' };
    const altered = Buffer.from('{"resourceType":"Patient","id":"altered-secret-6"}');
    for (const answer of [
      await request(url, { method, headers: forged, body }),
      await request(url, {
        method,
        headers: {
          ...signer.headers({ id, body: altered, nowMs: Date.now() }),
          'content-type': 'application/fhir+json',
        },
        body: altered,
      }),
      await request(`${gateway.url}/Patient/path-secret-7?name=query-secret-8`),
    ]) {
      assert.ok(answer.status >= 400);
      answers.push(JSON.stringify(answer.headers) + answer.body.toString());
    }
  }
  const broken = Buffer.from('{"resourceType":"Patient","id":"broken-secret-9", "name":[');
  await post(
    gateway,
    'mercy/ehr',
    signer.headers({ id: 'msg_broken', body: broken, nowMs: Date.now() }),
    broken,
  );
  await request(`${gateway.url}/webhooks/mercy/%E0%A4%A`);
  return answers.join('\n');
}

function assertAbsent(where: string, text: string, needles: ReadonlySet<string>): void {
  const found = [...needles].filter((needle) => text.includes(needle));
  assert.deepEqual(found, [], `${where} tells what it must not`);
}

test('log, metrics, error answers and journal tell nothing of patients, bodies, header values or secrets', async (t) => {
  const secret = newWebhookSecret();
  const source = standardSource('ehr', secret, { profile: 'rest-hook-r4' });
  const stage = await startStage(t, {
    organizations: [{ id: 'mercy', sources: [source] }],
    logLevel: 'debug',
    core: { retry: { firstDelayMs: 10, maxDelayMs: 20, maxAttempts: 5 } },
  });
  const { home, gateway } = stage;
  const needles = new Set([
    'query-secret',
    'header-secret',
    'altered-secret',
    'path-secret',
    'broken-secret',
  ]);
  needles.add('Zm9yZ2VkLXNpZ25hdHVyZS1zZWNyZXQ');
  for (const key of [secret, home.coreSecret, `x${home.masterKey}`])
    needles.add(key.replace(/^(whsec_|x)/, ''));
  const answers = await driveTraffic(stage, { needles, secret });
  await until('an empty backlog', async () => (await gateway.metric('portcullis_backlog_events')) === 0);
  assert.ok(needles.size > 200, `${needles.size} things to look for`);

  const metrics = await gateway.metrics();
  assertAbsent('/metrics', metrics, needles);
  assertLabels(metrics);
  const journal = await Promise.all(['', '-wal'].map((suffix) => readFile(home.journal + suffix, 'latin1')));
  assertAbsent('the journal', journal.join(''), needles);
  await gateway.stop();
  assert.ok(gateway.log.length > 150, 'there is a log to look at');
  assertAbsent('the log', gateway.log.join('\n'), needles);
  assertAbsent('error answers', answers, needles);
  assert.equal(gateway.stderr, '');
});

const LABELS: Readonly<Record<string, RegExp>> = {
  organization: /^(mercy)?$/,
  source: /^(ehr)?$/,
  outcome: /^[a-z-]+$/,
  kind: /^(delivered|retry|dead|external|old|new|[a-z_]+|[A-Za-z]+)$/,
  reason: /^[a-z0-9:-]+$/,
  key: /^k1$/,
  state: /^(closed|open|half-open)$/,
};

/** Labels of the product's own series hold names from the configuration and stable codes, nothing else. */
function assertLabels(metrics: string): void {
  for (const line of metrics.split('\n').filter((text) => text.startsWith('portcullis_'))) {
    for (const [, name = '', value = ''] of line.matchAll(/([a-z_]+)="([^"]*)"/g)) {
      if (name === 'le') continue;
      assert.match(value, LABELS[name] ?? /(?!)/, `label ${name} in ${line}`);
    }
  }
}

test('/metrics counts what happened', async (t) => {
  const secret = newWebhookSecret();
  const stage = await startStage(t, {
    organizations: [{ id: 'mercy', sources: [standardSource('ehr', secret, { profile: 'rest-hook-r4' })] }],
    core: { breaker: { volumeThreshold: 1_000 } },
  });
  const { gateway, core } = stage;
  const signer = standardWebhooksSigner(secret);
  core.replies = (_delivery, index) => ({ status: index === 0 ? 503 : 204 });
  const send = (id: string, body: Buffer) =>
    post(gateway, 'mercy/ehr', signer.headers({ id, body, nowMs: Date.now() }), body);
  const bodies = ['{"a":1}', '{"a":2}', '{"a":3}'].map((text) => Buffer.from(text));
  for (const [index, body] of bodies.entries()) receipt(await send(`msg_${index}`, body));
  receipt(await send('msg_0', bodies[0] ?? Buffer.alloc(0)));
  assert.equal((await send('msg_0', Buffer.from('{"a":4}'))).status, 409);
  assert.equal((await post(gateway, 'mercy/ehr', {}, Buffer.from('{}'))).status, 401);
  assert.equal((await post(gateway, 'nobody/nowhere', {}, Buffer.from('{}'))).status, 401);
  await until('deliveries', () => core.deliveries.length === 4);
  await until('an empty backlog', async () => (await gateway.metric('portcullis_backlog_events')) === 0);

  const labels = 'organization="mercy",source="ehr"';
  const expected: Record<string, number> = {
    [`portcullis_inbound_requests_total{${labels},outcome="accepted"}`]: 3,
    [`portcullis_inbound_requests_total{${labels},outcome="duplicate"}`]: 1,
    [`portcullis_inbound_requests_total{${labels},outcome="conflict"}`]: 1,
    'portcullis_inbound_requests_total{organization="",source="",outcome="unauthenticated"}': 2,
    portcullis_inbound_body_bytes_total: 7 * 5 + 2 * 2,
    portcullis_inbound_accept_duration_seconds_count: 4,
    'portcullis_forward_attempts_total{kind="delivered",reason="status-204"}': 3,
    'portcullis_forward_attempts_total{kind="retry",reason="status-503"}': 1,
    portcullis_forward_duration_seconds_count: 4,
    'portcullis_core_breaker_state{state="closed"}': 1,
    portcullis_http_connections_dropped_total: 0,
  };
  const found: Record<string, number | undefined> = {};
  for (const series of Object.keys(expected)) found[series] = await gateway.metric(series);
  assert.deepEqual(found, expected);
  assert.ok(((await gateway.metric('portcullis_journal_commit_operations_count')) ?? 0) > 0);
  assert.ok(
    ((await gateway.metric(`portcullis_secret_last_matched_timestamp_seconds{${labels},key="k1"}`)) ?? 0) >
      Date.now() / 1000 - 600,
  );
});
